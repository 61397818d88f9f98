// How many live sessions a change would move, asked before it is made. Where the API cannot tell, nothing is said.
import { html, useEffect, useState } from './lib.js';
import { ask, get } from './api.js';
import { Notice } from './parts.js';
import { count } from './time.js';

/** Whether this server can tell; asked once. */
let links = null;
const isThere = () => (links ??= get('/v1').then((index) => index.links.includes('/v1/what-if'), () => false));

/** `change` is method, path and body of what is about to be done. */
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
  const { sessions, moves, ends, exact } = told;
  const nobody = moves === 0 && ends === 0;
  const about = exact ? '' : 'about ';
  return html`<${Notice} kind=${nobody ? 'good' : 'warn'} role="status">
    ${nobody ? `None of the ${about}${count(sessions)} sessions that live now would move or end.`
      : html`Of ${about}${count(sessions)} sessions that live now, <strong>${count(moves)}</strong> would move to another target and <strong>${count(ends)}</strong> would end.`}
  </${Notice}>`;
}
