// One door to the library, so that it can be changed at one place.
export { html, render, useState, useEffect, useLayoutEffect, useRef, useMemo, useCallback } from '../vendor/htm-preact.js';
