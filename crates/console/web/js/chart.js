// A chart over time. Its numbers of now stand beside it as text, for eyes and for readers.
import { html, useEffect, useRef } from './lib.js';
import { useTheme } from './theme.js';
import { clock } from './time.js';
import uPlot from '../vendor/uPlot.esm.js';

const HEIGHT = 165;
const DASHES = { dash: [6, 4], dot: [2, 3] };
/** Charts of a page move their cursors together. */
const together = uPlot.sync('charts');

/** Steps between the lines of a chart that counts. */
const WHOLE = [0, 1, 2, 3, 4, 5, 6, 7, 8].flatMap((power) => [1, 2, 5].map((step) => step * 10 ** power));

/** `series`: name, number of its colour, how its line is, and its values; `write` says a value as text; `whole`: there is nothing between 0 and 1. */
export function Chart({ title, times, series, write, hint, top, more, whole }) {
  const place = useRef(null);
  const plot = useRef(null);
  const shown = useTheme();
  const data = [times, ...series.map((one) => one.values)];
  const names = series.map((one) => one.name).join();
  useEffect(() => {
    plot.current = new uPlot(options({ series, write, top, whole, width: place.current.clientWidth }), data, place.current);
    const watch = new ResizeObserver(() => plot.current?.setSize({ width: place.current.clientWidth, height: HEIGHT }));
    watch.observe(place.current);
    return () => {
      watch.disconnect();
      together.unsub(plot.current);
      plot.current.destroy();
      plot.current = null;
    };
  }, [shown, names]);
  useEffect(() => {
    plot.current?.setData(data);
  });
  const last = (values) => values.findLast((value) => value != null);
  return html`<figure class="panel chart" aria-label=${title}>
    <figcaption><h3>${title}</h3>
      <span class="legend">${series.map(
        (one) => html`<span key=${one.name}><span class=${`key series-${one.colour} ${one.line ?? ''}`}>
        </span>${one.name} <b>${write(last(one.values))}</b></span>`,
      )}</span>
      ${more}${hint && html`<span class="hint">${hint}</span>`}</figcaption>
    <div class="plot" ref=${place} aria-hidden="true"></div>
  </figure>`;
}

function options({ series, write, top, whole, width }) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const font = '11px system-ui, sans-serif';
  const axis = { stroke: colour('--muted'), font, ticks: { show: false }, grid: { stroke: colour('--line'), width: 1 } };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { sync: { key: 'charts' }, points: { size: 6 }, drag: { x: false, y: false } },
    scales: { x: { time: true }, y: { range: (_, low, high) => [0, Math.max(high ?? 0, top ?? 0, 1e-6) * 1.1] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        space: 75,
        values: (_, splits, __, ___, step) => splits.map((at) => clock(at * 1000).slice(0, step < 60 ? 8 : 5)),
      },
      { ...axis, size: 62, ...(whole ? { incrs: WHOLE } : {}), values: (_, splits) => splits.map((value) => write(value)) },
    ],
    series: [
      {},
      ...series.map((one) => ({
        label: one.name,
        stroke: colour(`--series-${one.colour}`),
        width: 1.6,
        dash: DASHES[one.line],
        points: { show: false },
        spanGaps: false,
      })),
    ],
  };
}
