// How many live sessions a change would move, asked before it is made. Where the API cannot tell, nothing is said.
import { html, useEffect, useState } from './lib.js';
import { ask, get } from './api.js';
import { Notice } from './parts.js';
import { count } from './time.js';

/** Whether this server can tell; asked once. */
let links = null;
const isThere = () =>
  (links ??= get('/v1').then(
    (index) => index.links.includes('/v1/what-if'),
    () => false,
  ));

/** How often it is asked anew while it is shown: sessions come and go. */
const EVERY = 5000;

/** `change` is method, path and body of what is about to be done. */
export function Moves({ change }) {
  const [told, tell] = useState(null);
  const key = JSON.stringify(change);
  useEffect(() => {
    let isWanted = true;
    const again = async () => {
      if (!(await isThere()) || !isWanted) return;
      const found = await ask('POST', '/v1/what-if', { body: change }).then(({ data }) => data, () => null);
      if (isWanted) tell(found);
    };
    again();
    const timer = setInterval(again, EVERY);
    return () => {
      isWanted = false;
      clearInterval(timer);
    };
  }, [key]);
  if (!told) return null;
  const { sessions, moves, ends, ends_max: endsMax = ends, exact } = told;
  const about = exact ? '' : 'about ';
  if (moves === 0 && endsMax === 0) {
    const text = sessions === 0 ? 'No session lives here now.' : `None of the ${about}${count(sessions)} sessions that live now would move or end.`;
    return html`<${Notice} kind="good" role="status">${text}</${Notice}>`;
  }
  return html`<${Notice} kind="warn" role="status">
    Of ${about}${count(sessions)} sessions that live now, <strong>${count(moves)}</strong> would move to another target
    and <strong>${count(ends)}</strong> would end${endsMax > ends && `, or up to ${count(endsMax)}: only what clients hold tells`}.</${Notice}>`;
}
