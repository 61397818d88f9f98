// Light or dark: as the system has it, until somebody says otherwise.
import { useEffect, useState } from './lib.js';

const KEY = 'clingfish-theme';
const system = matchMedia('(prefers-color-scheme: dark)');
const followers = new Set();

function kept() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

const current = () => kept() ?? (system.matches ? 'dark' : 'light');

/** Shows that theme from now on; without one, the one that was chosen before. */
export function theme(wanted) {
  try {
    if (wanted) localStorage.setItem(KEY, wanted);
  } catch {
    // Then it lasts as long as the page.
  }
  document.documentElement.dataset.theme = wanted ?? current();
  for (const follow of followers) follow(document.documentElement.dataset.theme);
}

system.addEventListener('change', () => theme());

export function useTheme() {
  const [shown, show] = useState(document.documentElement.dataset.theme);
  useEffect(() => {
    followers.add(show);
    return () => followers.delete(show);
  }, []);
  return shown;
}
