// The dashboard at the agent's `/`: a page in the browser, built into dist/dashboard/. It speaks to its own origin alone.
import { render } from 'preact';
import { Dashboard } from './dashboard.ts';
import { App } from './view/app.tsx';

const dashboard = new Dashboard();
render(<App dashboard={dashboard} />, document.body);
dashboard.start();
