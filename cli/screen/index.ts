// What people see: results, notes and tables, as wide as their terminal.
export { default as displayWidth } from './display-width.ts';
export { showInBrowser } from './open-browser.ts';
export { type Colors, exitWhenClosed, Output, type Page } from './output.ts';
export { sayFailure } from './say-failure.ts';
export { alignRows, factLines, tableLines } from './table.ts';
export { wrapLine } from './wrap.ts';
