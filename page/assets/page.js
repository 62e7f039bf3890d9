'use strict';
// The page: takes values from /stream and shows them. All text goes in as text, never as HTML: names of servers come from outside.
/* global uPlot */

const MOST_POINTS = 300;
const MOST_EVENTS = 500;

const points = [];
let events = [];
/** Slowest and failed ones. */
let operations = [];
let isPaused = false;
let unshown = 0;
let charts = [];

const byId = id => document.getElementById(id);

/** An element with a class and children; strings become text. */
function el(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children.map(asNode));
  return element;
}

function asNode(child) {
  return child instanceof Node ? child : String(child);
}

const color = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Milliseconds with as many digits as tell something. */
function ms(value) {
  if (value === null || value === undefined) return '–';
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function rate(value) {
  if (value === null || value === undefined) return '–';
  return value >= 10 || value === 0 ? Math.round(value).toLocaleString('en') : value.toFixed(1);
}

const whole = value => value.toLocaleString('en');
const clock = time => new Date(time).toLocaleTimeString('en-GB');

// ── Charts

const CHARTS = [
  {
    id: 'throughput',
    series: [
      ['operations', '--series-1', point => point.perSecond],
      ['failed', '--series-3', point => point.failedPerSecond],
    ],
    format: rate,
  },
  {
    id: 'latency',
    series: [
      ['p50', '--series-1', point => point.p50MS],
      ['p90', '--series-2', point => point.p90MS],
      ['p99', '--series-3', point => point.p99MS],
    ],
    format: ms,
  },
  {
    id: 'connections',
    series: [
      ['in use', '--series-1', point => point.inUse],
      ['idle', '--series-4', point => point.idle],
      ['waiting operations', '--series-3', point => point.waiting],
    ],
    format: value => (value === null ? '–' : whole(value)),
  },
];

function dataOf({ series }) {
  return [points.map(({ time }) => time), ...series.map(([, , valueOf]) => points.map(valueOf))];
}

function makeChart(chart) {
  const parent = byId(chart.id);
  parent.replaceChildren();
  const axis = { stroke: color('--muted'), grid: { stroke: color('--line'), width: 1 }, ticks: { show: false } };
  const plot = new uPlot(
    {
      width: parent.clientWidth,
      height: 160,
      // With nothing measured there is still a scale.
      scales: { y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.1 : 1] } },
      axes: [
        {
          ...axis,
          incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300],
          values: (_plot, times) => times.map(time => clock(time * 1000).slice(3)),
          space: 60,
        },
        { ...axis, size: 48, values: (_plot, values) => values.map(value => whole(value)) },
      ],
      series: [
        { label: 'time', value: (_plot, time) => (time === null ? '–' : clock(time * 1000)) },
        ...chart.series.map(([label, name]) => ({
          label,
          stroke: color(name),
          width: 2,
          // A second between two in which nothing ended is a dot.
          points: { show: ({ data }) => data[0].length < 90, size: 4, fill: color(name) },
          value: (_plot, value) => chart.format(value),
        })),
      ],
    },
    dataOf(chart),
    parent,
  );
  return { chart, plot, parent };
}

function makeCharts() {
  for (const { plot } of charts) plot.destroy();
  charts = CHARTS.map(makeChart);
  setTimeout(drawCharts, 0);
}

/** Without a pointer in the chart, its legend shows what is now. */
function showNow(plot) {
  const { left } = plot.cursor;
  if (points.length > 0 && !(left >= 0)) plot.setLegend({ idx: points.length - 1 }, false);
}

function drawCharts() {
  for (const { chart, plot } of charts) {
    plot.setData(dataOf(chart));
    showNow(plot);
  }
}

window.addEventListener('resize', () => {
  for (const { plot, parent } of charts) plot.setSize({ width: parent.clientWidth, height: 160 });
  // uPlot empties its legends when it draws anew, which it does later.
  setTimeout(drawCharts, 0);
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', makeCharts);

// ── What is now

function showTiles({ point, operations, pools }) {
  const draining = pools.reduce((sum, pool) => sum + pool.draining, 0);
  const tile = (label, value, isBad = false) =>
    el('div', isBad ? 'tile bad' : 'tile', el('span', 'muted', label), el('b', '', value));
  byId('tiles').replaceChildren(
    tile('operations / s', rate(point.perSecond)),
    tile('p50 ms', ms(point.p50MS)),
    tile('p99 ms', ms(point.p99MS)),
    tile('failed / s', rate(point.failedPerSecond), point.failedPerSecond > 0),
    tile('timed out', operations === null ? '–' : whole(operations.timedOut)),
    tile('in use', point.inUse),
    tile('waiting', point.waiting, point.waiting > 0),
    tile('draining', draining),
  );
}

function showTopology({ topology }) {
  byId('topology').textContent =
    topology === null ? 'not connected' : `${topology.type}${topology.setName === null ? '' : ` ${topology.setName}`}`;
}

const BADGES = {
  RSPrimary: 'good',
  Standalone: 'good',
  Mongos: 'good',
  LoadBalancer: 'good',
  RSSecondary: '',
  Unknown: 'bad',
};

function showServers({ topology, pools, servers }) {
  const known = topology?.servers ?? [];
  const cards = known.map(server =>
    serverCard(
      server,
      pools.find(({ address }) => address === server.address),
      servers[server.address],
    ),
  );
  byId('servers').replaceChildren(...(cards.length > 0 ? cards : [el('p', 'empty', 'No server is known yet.')]));
}

function serverCard(server, pool, figures) {
  const list = el('dl', '');
  const row = (name, value) => list.append(el('dt', '', name), el('dd', '', value));
  const badge = BADGES[server.type];
  const card = el(
    'div',
    'server',
    el('h3', '', el('span', '', server.address), el('span', `badge ${badge ?? 'warn'}`, server.type)),
  );
  if (server.roundTripMS !== null)
    row('round trip', `${ms(server.roundTripMS)}, least ${ms(server.minRoundTripTime)} ms`);
  if (pool !== undefined) {
    card.append(gauge(pool));
    row('in use / limit', `${pool.inUse} / ${pool.maxPoolSize === 0 ? 'none' : pool.maxPoolSize}`);
    row('idle · pending · draining', `${pool.idle} · ${pool.pending} · ${pool.draining}`);
    row('waiting operations', pool.waitQueueLength);
    row('pool', `${pool.state}, generation ${pool.generation}`);
  }
  if (figures !== undefined) {
    const { checkOutWait, connectionEstablishment } = figures;
    if (checkOutWait.count > 0) row('wait p50 · p99', `${ms(checkOutWait.p50MS)} · ${ms(checkOutWait.p99MS)} ms`);
    if (connectionEstablishment.count > 0) row('connecting p50', `${ms(connectionEstablishment.p50MS)} ms`);
    if (figures.poolCleared > 0) row('pool cleared', figures.poolCleared);
  }
  card.append(list);
  if (server.error !== null) card.append(errorLine(server.error));
  return card;
}

function gauge({ maxPoolSize, inUse, idle, pending, draining, total }) {
  const bar = el('div', 'gauge');
  bar.setAttribute('role', 'img');
  bar.setAttribute('aria-label', `${inUse} in use, ${idle} idle, ${pending} pending, ${draining} draining`);
  const whole = Math.max(total, maxPoolSize, 1);
  for (const [name, count, variable] of [
    ['in use', inUse, '--series-1'],
    ['draining', draining, '--series-3'],
    ['pending', pending, '--series-2'],
    ['idle', idle, '--series-4'],
  ]) {
    if (count === 0) continue;
    const part = el('i', '');
    part.title = `${count} ${name}`;
    part.style.width = `${(100 * count) / whole}%`;
    part.style.background = `var(${variable})`;
    bar.append(part);
  }
  return bar;
}

function showMethods({ methods }) {
  const rows = methods.map(method => {
    const { name, succeeded, failed, timedOut, p50MS, p90MS, p99MS, maxMS } = method;
    const cells = [name, whole(succeeded), whole(failed), whole(timedOut), ms(p50MS), ms(p90MS), ms(p99MS), ms(maxMS)];
    return el('tr', '', ...cells.map(cell => el('td', '', cell)));
  });
  byId('methods').replaceChildren(...rows);
}

function showBars(id, counts) {
  const entries = Object.entries(counts).sort((first, second) => second[1] - first[1]);
  const most = Math.max(1, ...entries.map(([, count]) => count));
  const bars = entries.slice(0, 10).map(([name, count]) => {
    const fill = el('i', '');
    fill.style.width = `${(100 * count) / most}%`;
    return el('div', 'bar', el('span', '', name), el('span', '', whole(count)), el('div', 'track', fill));
  });
  byId(id).replaceChildren(...(bars.length > 0 ? bars : [el('p', 'empty', 'None.')]));
}

// ── Operations

const CONNECTING = new Set(['resolve', 'connect', 'proxy', 'tls', 'hello', 'auth']);

function stageColor(stage) {
  if (CONNECTING.has(stage)) return 'var(--stage-connect)';
  return stage === 'preSend' ? 'var(--stage-write)' : `var(--stage-${stage})`;
}

/** What each list shows: it is made anew only if that changes, or a click could meet a button that has just been replaced. */
const listed = new Map();

function showOperations(id, operations) {
  const content = JSON.stringify(operations);
  if (listed.get(id) === content) return;
  listed.set(id, content);
  const shown = operations.map(operationCard);
  byId(id).replaceChildren(...(shown.length > 0 ? shown : [el('p', 'empty', 'None.')]));
}

function errorLine(text) {
  const line = el('p', 'error clamped', text);
  line.title = text;
  return line;
}

function operationCard({ operationId, name, namespace, time, durationMS, stages, attempts, failure }) {
  const id = el('button', 'id', `#${operationId}`);
  id.type = 'button';
  id.title = 'Show its events';
  id.addEventListener('click', () => {
    byId('filter').value = String(operationId);
    showEvents();
    byId('events').scrollIntoView({ block: 'center' });
  });
  const head = el(
    'div',
    'head',
    el('b', '', name),
    el('span', 'muted', namespace),
    id,
    el('span', 'muted', clock(time)),
    el('span', 'duration', `${ms(durationMS)} ms`),
  );
  const card = el('div', 'operation', head, waterfall(stages), legend(stages));
  if (attempts.length > 1) {
    const tries = attempts.map(
      ({ host, durationMS, error }) =>
        `${host ?? 'no server'} ${ms(durationMS)} ms${error === null ? '' : ` ${error.split(':')[0]}`}`,
    );
    card.append(
      el(
        'div',
        'muted',
        `${attempts.length} attempts: ${tries.slice(0, 4).join(', ')}${tries.length > 4 ? ', …' : ''}`,
      ),
    );
  }
  if (failure !== null) card.append(errorLine(failure));
  return card;
}

/** A row for each stretch, each beginning where the one before ended. Short ones next to one another share a row. */
function waterfall(stages) {
  const whole = stages.reduce((sum, { durationMS }) => sum + durationMS, 0) || 1;
  const box = el('div', 'waterfall');
  let begin = 0;
  for (const { stage, durationMS } of stages.slice(0, 12)) {
    const part = el('i', '');
    part.title = `${stage} ${ms(durationMS)} ms`;
    part.style.left = `${(100 * begin) / whole}%`;
    part.style.width = `${(100 * durationMS) / whole}%`;
    part.style.background = stageColor(stage);
    box.append(el('div', 'row', part));
    begin += durationMS;
  }
  return box;
}

function legend(stages) {
  const sums = new Map();
  for (const { stage, durationMS } of stages) sums.set(stage, (sums.get(stage) ?? 0) + durationMS);
  const items = [...sums].map(([stage, durationMS]) => {
    const mark = el('i', '');
    mark.style.background = stageColor(stage);
    return el('span', '', mark, `${stage} ${ms(durationMS)}`);
  });
  return el('div', 'legend', ...items);
}

// ── Heartbeats

function showHeartbeats({ heartbeats }) {
  const rows = Object.entries(heartbeats).map(([address, checks]) => {
    const marks = el('div', 'marks');
    for (const { time, durationMS, awaited, failure } of checks) {
      const mark = el('i', failure === null ? '' : 'failed');
      mark.title = `${clock(time)} ${failure ?? `${awaited ? 'streamed after' : 'answered in'} ${ms(durationMS)} ms`}`;
      marks.append(mark);
    }
    const last = checks.at(-1);
    const text =
      last.failure === null
        ? `${clock(last.time)} ${last.awaited ? 'streamed' : `${ms(last.durationMS)} ms`}`
        : `${clock(last.time)} failed`;
    return el(
      'div',
      'heartbeat',
      el('span', 'name', address),
      marks,
      el('span', last.failure === null ? 'muted' : 'error', text),
    );
  });
  byId('heartbeats').replaceChildren(...(rows.length > 0 ? rows : [el('p', 'empty', 'No check has ended yet.')]));
}

// ── Events

/** All events that this page has; of an operation that is listed above also those that were sent with it. */
function knownEvents(id) {
  const own = operations.find(({ operationId }) => String(operationId) === id)?.events ?? [];
  if (own.length === 0) return events;
  const bySequence = new Map([...own, ...events].map(event => [event.sequence, event]));
  return [...bySequence.values()].sort((first, second) => first.sequence - second.sequence);
}

function showEvents() {
  const id = byId('filter').value.trim().replace(/^#/, '');
  const withHeartbeats = byId('heartbeatsShown').checked;
  const shown = knownEvents(id).filter(
    event =>
      (id === '' || String(event.operationId ?? '') === id) &&
      (withHeartbeats || !event.name.startsWith('serverHeartbeat')),
  );
  const lines = shown
    .slice(-200)
    .reverse()
    .map(({ time, name, operationId, text }) => {
      const at = new Date(time);
      const line = el(
        'div',
        /Failed$|Cleared$/.test(name) ? 'event failed' : 'event',
        el('span', 'muted', `${clock(time)}.${String(at.getMilliseconds()).padStart(3, '0')}`),
        el('span', 'muted', operationId === undefined ? '' : `#${operationId}`),
        el('span', '', name),
        el('span', 'text', text),
      );
      return line;
    });
  byId('events').replaceChildren(...(lines.length > 0 ? lines : [el('p', 'empty', 'No event yet.')]));
  byId('unshown').textContent = unshown > 0 ? `${whole(unshown)} more events were not sent to this page` : '';
}

byId('filter').addEventListener('input', showEvents);
byId('heartbeatsShown').addEventListener('change', showEvents);
byId('pause').addEventListener('click', () => {
  isPaused = !isPaused;
  byId('pause').setAttribute('aria-pressed', String(isPaused));
  byId('pause').textContent = isPaused ? 'Continue' : 'Pause';
});

// ── The stream

function show(state) {
  points.push(state.point);
  if (points.length > MOST_POINTS) points.shift();
  events = events.concat(state.events).slice(-MOST_EVENTS);
  unshown += state.unshown;
  if (isPaused) return;
  byId('notice').hidden = state.counts;
  showTopology(state);
  showTiles(state);
  drawCharts();
  showServers(state);
  showMethods(state);
  for (const id of ['timeouts', 'failures', 'retries']) showBars(id, state[id]);
  operations = [...state.slowest, ...state.failed];
  showOperations('slowest', state.slowest);
  showOperations('failed', state.failed);
  showHeartbeats(state);
  showEvents();
  // Tests and people with the console can see that something has been shown.
  document.body.dataset.shown = String(Number(document.body.dataset.shown ?? 0) + 1);
}

function connect() {
  const source = new EventSource('/stream');
  const status = byId('connection');
  const tell = (text, className) => {
    status.textContent = text;
    status.className = `badge ${className}`;
  };
  source.addEventListener('open', () => tell('live', 'good'));
  source.addEventListener('error', () => tell('disconnected', 'bad'));
  source.addEventListener('history', ({ data }) => {
    points.splice(0, points.length, ...JSON.parse(data));
    drawCharts();
  });
  source.addEventListener('state', ({ data }) => show(JSON.parse(data)));
}

makeCharts();
connect();
