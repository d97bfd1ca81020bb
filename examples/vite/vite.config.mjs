import { defineConfig } from 'vite';
import { devagent } from './vite-plugin-devagent.mjs';

export default defineConfig({ plugins: [devagent()] });
