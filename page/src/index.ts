export { type MonitorPage, type MonitorPageOptions, monitorPage } from './monitor_page.js';
