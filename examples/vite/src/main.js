import { greeting } from './greeting.js';

/** @param {string} text */
function show(text) {
  /** @type {HTMLElement} */ (document.getElementById('greeting')).textContent = text;
}

show(greeting);
import.meta.hot?.accept('./greeting.js', (module) => show(module?.['greeting']));
