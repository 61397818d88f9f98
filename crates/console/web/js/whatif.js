// How many live sessions a change would move, asked before it is made. Where the API cannot tell, nothing is said.
import { html, useEffect, useState } from './lib.js';
import { ask, get } from './api.js';
import { Notice } from './parts.js';
import { count } from './time.js';

/** Whether this server can tell; asked once. */
let links = null;
const isThere = () => (links ??= get('/v1').then((index) => index.links.includes('/v1/what-if'), () => false));

export function Moves({ change }) {
  const [told, tell] = useState(null);
  const key = JSON.stringify(change);
  useEffect(() => {
    let isWanted = true;
    isThere().then((is) => is && isWanted && ask('POST', '/v1/what-if', { body: change }).then(
      ({ data }) => isWanted && tell(data),
      () => isWanted && tell(null),
    ));
    return () => { isWanted = false; };
  }, [key]);
  if (!told) return null;
  const { moved = 0, ended = 0 } = told;
  const nobody = moved === 0 && ended === 0;
  return html`<${Notice} kind=${nobody ? 'good' : 'warn'} role="status">
    ${nobody ? 'No live session moves or ends.' : html`Of the sessions that live now, <strong>${count(moved)}</strong> would move${ended > 0 && html` and <strong>${count(ended)}</strong> would end`}.`}
  </${Notice}>`;
}
