// SPDX-License-Identifier: BSD-3-Clause
//
// The status page. It asks for four JSON texts, shows them, and asks again: PERIOD after the last
// answer, later if answers take long, not at all while nobody looks. All text from the proxy goes
// through textContent. Tables keep their rows and change their cells, so that focus, selection and
// scroll position stay.
'use strict';
(() => {
  const PERIOD = 2000, TIMEOUT = 8000, HISTORY = 60, ROWS = 25;
  const $ = (id) => document.getElementById(id);
  const page = {
    status: null, pools: null, counters: null, history: {},
    seen: 0, failures: 0, timer: 0, paused: false,
    before: null, rates: {},
    sort: {}, folded: {}, all: {},
  };

  // --- words and numbers -------------------------------------------------------------------

  const number = (v) => {
    if (v === null || v === undefined || !isFinite(v)) return '\u2013';
    const a = Math.abs(v);
    if (a >= 1e9) return (v / 1e9).toFixed(2) + ' G';
    if (a >= 1e6) return (v / 1e6).toFixed(2) + ' M';
    if (a >= 1e4) return (v / 1e3).toFixed(1) + ' k';
    if (a >= 100 || v === Math.round(v)) return Math.round(v).toLocaleString('en');
    return v.toFixed(a >= 10 ? 1 : 2);
  };
  const percent = (v) => (v === null || v === undefined ? '\u2013'
    : (v * 100).toFixed(v > 0 && v < 0.1 ? 1 : 0) + ' %');
  const micros = (v) => {
    if (!v) return ['\u2013', ''];
    if (v >= 1e6) return [(v / 1e6).toFixed(2), 's'];
    if (v >= 1e3) return [(v / 1e3).toFixed(v >= 1e4 ? 1 : 2), 'ms'];
    return [v.toFixed(v >= 10 ? 0 : 1), '\u00b5s'];
  };
  const span = (s) => {
    if (s < 0) s = 0;
    if (s < 60) return Math.floor(s) + ' s';
    if (s < 3600) return Math.floor(s / 60) + ' min';
    if (s < 86400) return Math.floor(s / 3600) + ' h ' + Math.floor(s % 3600 / 60) + ' min';
    return Math.floor(s / 86400) + ' d ' + Math.floor(s % 86400 / 3600) + ' h';
  };
  const ago = (text) => {
    const at = Date.parse(text || '');
    return isNaN(at) ? '' : span((Date.now() - at) / 1000);
  };

  // --- elements ----------------------------------------------------------------------------

  // make('td', 'num', 'text'): an element with its class and its text.
  const make = (tag, cls, text) => {
    const e = document.createElement(tag);
    if (cls) e.className = cls;
    if (text !== undefined) e.textContent = text;
    return e;
  };
  const setText = (e, text) => { if (e.textContent !== text) e.textContent = text; };
  const setClass = (e, cls) => { if (e.className !== cls) e.className = cls; };
  const setAttr = (e, name, value) => {
    if (e.getAttribute(name) !== value) e.setAttribute(name, value);
  };

  // A bar, text, and dim text below, in a cell; each only if given.
  const fillCell = (td, c) => {
    if (!td.firstChild) {
      td.append(make('span', 'meter'), make('span'), make('span', 'under'));
      td.firstChild.append(make('i'));
    }
    const [meter, main, under] = td.children;
    setClass(main, c.cls || '');
    setText(main, c.text);
    if (c.title) setAttr(main, 'title', c.title);
    under.hidden = !c.under;
    setText(under, c.under || '');
    meter.hidden = c.bar === undefined;
    if (c.bar !== undefined) {
      meter.firstChild.style.width = Math.max(0, Math.min(100, c.bar * 100)).toFixed(1) + '%';
      setClass(meter, c.full ? 'meter is-full' : 'meter');
    }
  };

  // A table with a line of headings; columns: {label, cls, sort}. Roles are written out, since a
  // phone's style shows the rows as blocks.
  const makeTable = (columns, caption, onSort) => {
    const table = make('table'), head = make('thead'), line = make('tr'), body = make('tbody');
    setAttr(table, 'role', 'table');
    table.append(make('caption', 'unseen', caption), head, body);
    for (const part of [head, body]) setAttr(part, 'role', 'rowgroup');
    setAttr(line, 'role', 'row');
    head.append(line);
    for (const c of columns) {
      const th = make('th', c.cls || '');
      if (c.width) th.style.setProperty('--w', c.width);
      setAttr(th, 'role', 'columnheader');
      setAttr(th, 'scope', 'col');
      if (c.sort) {
        const button = make('button', '', c.label);
        button.type = 'button';
        button.addEventListener('click', () => onSort(c));
        setAttr(th, 'aria-sort', 'none');
        th.append(button);
      } else {
        th.textContent = c.label;
      }
      line.append(th);
    }
    return table;
  };

  // Row i of the body gets what columns[k].cell(rows[i]) says.
  const fillTable = (table, columns, rows) => {
    const body = table.tBodies[0];
    while (body.rows.length > rows.length) body.deleteRow(-1);
    rows.forEach((row, i) => {
      let tr = body.rows[i];
      if (!tr) {
        tr = body.insertRow();
        setAttr(tr, 'role', 'row');
        for (const c of columns) {
          const td = make('td', c.cls || '');
          setAttr(td, 'role', 'cell');
          setAttr(td, 'data-label', c.label);
          tr.append(td);
        }
      }
      columns.forEach((c, k) => fillCell(tr.cells[k], c.cell(row)));
    });
  };

  // --- tiles -------------------------------------------------------------------------------

  const drawLine = (svg, list) => {
    const most = Math.max(...list, 1e-9), n = HISTORY - 1, start = HISTORY - list.length;
    const points = list.map((v, i) => ((start + i) / n * 100).toFixed(2) + ' '
      + (33 - v / most * 28).toFixed(2));
    const path = 'M' + points.join('L');
    svg.children[0].setAttribute('d', list.length > 1
      ? path + 'L100 34L' + (start / n * 100).toFixed(2) + ' 34Z' : '');
    svg.children[1].setAttribute('d', list.length > 1 ? path : '');
  };

  const svgOf = (tag, attributes) => {
    const e = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
    return e;
  };

  const tile = (name, label, value, unit, more, loud) => {
    let e = $('tile-' + name);
    if (!e) {
      e = make('div', 'tile');
      e.id = 'tile-' + name;
      const v = make('p', 'value');
      v.append(make('span'), make('small'));
      const svg = svgOf('svg', {
        viewBox: '0 0 100 34', preserveAspectRatio: 'none', 'aria-hidden': 'true' });
      svg.append(svgOf('path', { class: 'area' }), svgOf('path', { class: 'line' }));
      e.append(make('h3', '', label), v, make('p', 'more'), svg);
      $('tiles').append(e);
    }
    const [, v, under, svg] = e.children;
    setText(v.firstChild, value);
    setText(v.lastChild, unit);
    if (under.dataset.text !== more.join()) {
      under.dataset.text = more.join();
      under.replaceChildren(...more.flatMap((part) => [make('span', '', part), ' ']));
    }
    setClass(e, loud ? 'tile is-loud' : 'tile');
    drawLine(svg, page.history[name] || []);
  };

  const showTiles = (s) => {
    const r = s.rates || {}, l = s.latency_us || {}, workers = s.workers || [];
    const busy = workers.map((w) => w.busy || 0), most = Math.max(0, ...busy);
    const p50 = micros(l.p50), p99 = micros(l.p99), p999 = micros(l.p999);
    const dropped = r.dropped || 0, all = (r.requests || 0) + (r.responses || 0);
    tile('requests', 'Requests', number(r.requests), '/s', []);
    tile('responses', 'Responses', number(r.responses), '/s', []);
    tile('forwarded', 'Forwarded', number(r.forwarded), '/s',
      [number(r.answered) + ' answered here']);
    tile('latency', 'Time in the proxy', p50[0], p50[1] + (p50[1] ? ' median' : ''),
      ['p99 ' + p99.join(' '), 'p99.9 ' + p999.join(' ')]);
    tile('dropped', 'Dropped', number(dropped), '/s',
      all ? [percent(dropped / all) + ' of what came'] : [],
      dropped > 1 && dropped > 0.01 * all);
    tile('busy', 'Busiest worker', percent(most), '',
      [workers.length === 1 ? '1 worker' : workers.length + ' workers'], most > 0.8);
  };

  // --- pools -------------------------------------------------------------------------------

  const state = { up: 'up', drain: 'draining', down: 'down' };
  const rank = { down: 0, drain: 1, up: 2 };
  const probed = (b) => {
    const p = b.probe;
    if (!p) return { text: '\u2013', title: 'not probed' };
    if (!p.ok) return { text: p.reason || 'failed', under: p.in_a_row + ' in a row' };
    return { text: p.code + ' in ' + p.latency_mean_ms.toFixed(1) + ' ms',
      under: 'p99 ' + p.latency_p99_ms.toFixed(1) + ' ms' };
  };
  const drained = (b) => {
    if (!b.drain || b.state !== 'drain') return '';
    if (b.drain.last_second) return number(b.drain.last_second) + ' messages in the last second';
    return 'silent for ' + span(b.drain.silent_s);
  };
  const standby = (b) => (b.state === 'up' && !b.share ? b.weight ? 'standby' : 'weight 0' : '');
  const columns = [
    { label: 'Backend', cls: 'key', width: '19%', sort: (b) => b.name,
      cell: (b) => ({ text: b.name, under: b.address + (b.tier ? ', tier ' + b.tier : '')
        + (b.added ? ', added by hand' : '') + (b.removed ? ', removed' : '') }) },
    { label: 'State', width: '24%', sort: (b) => rank[b.state],
      cell: (b) => ({ text: state[b.state] || b.state, cls: 'badge is-' + b.state,
        under: [b.cause === 'file' && b.state === 'up' ? '' : b.why || 'by ' + b.cause,
          drained(b), standby(b)].filter(Boolean).join('; ') }) },
    { label: 'For', width: '8%', sort: (b) => -Date.parse(b.since || 0),
      cell: (b) => ({ text: ago(b.since), title: b.since }) },
    { label: 'Share', cls: 'num', width: '13%', sort: (b) => b.share,
      cell: (b) => ({ text: percent(b.share), bar: b.share, under: 'weight ' + b.weight }) },
    { label: 'Messages', cls: 'num', width: '13%', sort: (b) => b.rate,
      cell: (b) => ({ text: number(b.rate) + ' /s', bar: b.load,
        under: number(b.messages) + ' in all' }) },
    { label: 'Probe', width: '15%', sort: (b) => (b.probe ? b.probe.latency_mean_ms : -1),
      cell: probed },
    { label: 'Errors', cls: 'num', width: '8%',
      sort: (b) => (b.passive ? b.passive.errors + b.passive.unreachable : 0),
      cell: (b) => ({ text: number(b.passive ? b.passive.errors : 0) + ' 5xx',
        under: b.passive && b.passive.unreachable
          ? number(b.passive.unreachable) + ' unreachable' : '' }) },
  ];

  const wanted = (b) => {
    const text = $('find').value.trim().toLowerCase(), only = $('only').value;
    if (only === 'trouble' ? b.state === 'up' : only && b.state !== only) return false;
    return !text || (b.name + ' ' + b.address).toLowerCase().includes(text);
  };

  // As in the file, but what is not up first: it must not hide behind "Show all".
  const sorted = (pool, rows) => {
    const by = page.sort[pool];
    const up = (b) => b.state === 'up';
    if (!by) return [...rows.filter((b) => !up(b)), ...rows.filter(up)];
    const key = columns[by.column].sort, sign = by.down ? -1 : 1;
    return rows.slice().sort((a, b) => {
      const x = key(a), y = key(b);
      if (typeof x === 'string') return sign * x.localeCompare(y, 'en', { numeric: true });
      return sign * ((x || 0) - (y || 0));
    });
  };

  const makePool = (name) => {
    const card = make('section', 'card'), fold = make('button', 'fold'), body = make('div');
    const id = 'pool-' + $('pools').childElementCount + '-' + Date.now();
    const table = makeTable(columns, 'Backends of pool ' + name, (c) => {
      const k = columns.indexOf(c), by = page.sort[name];
      const down = c.cls === 'num'; // of numbers the large ones first
      page.sort[name] = { column: k, down: by && by.column === k ? !by.down : down };
      showPools();
    });
    const more = make('button', 'more-rows'), none = make('p', 'note', 'No backend like that.');
    card.dataset.pool = name;
    setAttr(card, 'aria-label', 'Pool ' + name);
    fold.type = more.type = 'button';
    body.id = id;
    setAttr(fold, 'aria-controls', id);
    fold.append(make('strong', '', name), make('span', 'badge live'),
      make('span', 'badge is-bad panic', 'panic'), make('span', 'end dim small'));
    fold.addEventListener('click', () => {
      page.folded[name] = !page.folded[name];
      showPools();
    });
    more.addEventListener('click', () => {
      page.all[name] = true;
      showPools();
    });
    body.append(table, none, more);
    card.append(fold, body);
    return card;
  };

  const showPool = (card, p) => {
    const [fold, body] = card.children, [table, none, more] = body.children;
    const [, live, panic, end] = fold.children;
    const top = Math.max(1e-9, ...p.members.map((b) => b.rate || 0));
    const rows = sorted(p.name, p.members.filter(wanted));
    const shown = page.all[p.name] ? rows : rows.slice(0, ROWS), by = page.sort[p.name];
    setText(live, p.live + ' of ' + p.backends + ' live');
    setClass(live, 'badge live ' + (p.live === 0 ? 'is-down'
      : p.members.some((b) => b.state !== 'up') ? 'is-warn' : 'is-up'));
    panic.hidden = !p.panic;
    setText(end, 'by ' + p.key + ', ' + number(p.rate) + ' messages/s'
      + (p.skew ? ', fullest ' + p.skew.toFixed(2) + '\u00d7 its share' : ''));
    setAttr(fold, 'aria-expanded', page.folded[p.name] ? 'false' : 'true');
    body.hidden = !!page.folded[p.name];
    if (body.hidden) return;
    for (const b of p.members) b.load = (b.rate || 0) / top;
    [...table.tHead.rows[0].cells].forEach((th, k) => setAttr(th, 'aria-sort',
      !by || by.column !== k ? 'none' : by.down ? 'descending' : 'ascending'));
    fillTable(table, columns, shown);
    none.hidden = rows.length > 0;
    more.hidden = shown.length === rows.length;
    setText(more, 'Show all ' + rows.length.toLocaleString('en'));
  };

  const showPools = () => {
    const box = $('pools'), pools = page.pools ? page.pools.pools : [];
    if (!page.pools) return;
    for (const e of [...box.children]) {
      if (!pools.some((p) => p.name === e.dataset.pool)) e.remove();
    }
    pools.forEach((p, i) => {
      let card = [...box.children].find((e) => e.dataset.pool === p.name);
      if (!card) card = makePool(p.name);
      if (box.children[i] !== card) box.insertBefore(card, box.children[i] || null);
      showPool(card, p);
    });
  };

  // --- drops -------------------------------------------------------------------------------

  const dropColumns = [
    { label: 'Reason', cls: 'key', width: '34%',
      cell: (d) => ({ text: d.reason.replace(/_/g, ' '), under: d.help }) },
    { label: 'Now', cls: 'num', width: '10%', cell: (d) => ({ text: number(d.rate) + ' /s' }) },
    { label: 'In all', cls: 'num', width: '10%', cell: (d) => ({ text: number(d.value) }) },
    { label: 'Last example', cls: 'broad',
      cell: (d) => (d.example
        ? { text: d.example.bytes || '', cls: 'mono',
          under: 'from ' + d.example.source + ', ' + ago(d.example.time) + ' ago' }
        : { text: '\u2013' }) },
  ];

  // Rates are the difference to the answer before.
  const measure = (c) => {
    const now = performance.now(), values = {};
    for (const x of c.counters) values[x.name] = x.value;
    if (page.before) {
      const s = (now - page.before.at) / 1000;
      page.rates = {};
      for (const name in values) {
        page.rates[name] = Math.max(0, values[name] - (page.before.values[name] || 0)) / s;
      }
    }
    page.before = { at: now, values };
  };

  const showDrops = (c) => {
    const box = $('drops');
    const plain = (name) => name.replace(/^(drop|dropped)_/, '');
    const rows = c.counters.filter((x) => x.class === 'drop' && x.value > 0).map((x) => ({
      reason: plain(x.name), help: x.help, value: x.value, rate: page.rates[x.name] || 0,
      example: (c.examples || []).find((e) => plain(e.reason) === plain(x.name)),
    })).sort((a, b) => b.rate - a.rate || b.value - a.value);
    if (!rows.length) {
      box.replaceChildren(make('p', 'note', 'Nothing was dropped.'));
      return;
    }
    if (!box.querySelector('table')) {
      const card = make('div', 'card');
      card.append(makeTable(dropColumns, 'Messages dropped, by reason'));
      box.replaceChildren(card);
    }
    fillTable(box.querySelector('table'), dropColumns, rows);
  };

  // --- workers, node -----------------------------------------------------------------------

  const workerColumns = [
    { label: 'Worker', cls: 'key', cell: (w) => ({ text: 'worker ' + w.id }) },
    { label: 'Busy', cell: (w) => ({ text: percent(w.busy), bar: w.busy, full: w.busy > 0.8 }) },
    { label: 'Received', cls: 'num', cell: (w) => ({ text: number(w.rx) + ' /s' }) },
    { label: 'Sent', cls: 'num', cell: (w) => ({ text: number(w.tx) + ' /s' }) },
    { label: 'Dropped', cls: 'num', cell: (w) => ({ text: number(w.dropped) + ' /s' }) },
  ];

  const showWorkers = (s) => {
    const box = $('workers');
    if (!box.firstChild) {
      const card = make('div', 'card');
      card.append(makeTable(workerColumns, 'Workers'));
      box.append(card);
    }
    fillTable(box.querySelector('table'), workerColumns, s.workers || []);
  };

  const showAbout = (s) => {
    const c = s.config || {}, w = c.window || {};
    const facts = [
      ['Configuration', c.file + ', read ' + ago(c.loaded) + ' ago'],
      ['Generation, epoch', c.generation + ', ' + c.epoch],
      ['Transaction window', w.past ? 'open for ' + span(w.ends_in_s) + ', after ' + w.past
        + (w.past > 1 ? ' changes' : ' change') : 'no change under way'],
      ['Interfaces', (s.interfaces || []).map((i) => i.name + ' (' + i.device
        + (i.up ? ')' : ', gone)')).join(', ')],
      ['Listeners', (s.listeners || []).map((l) => l.address + ' ' + l.transports.join(' '))
        .join(', ')],
      ['Started', new Date(s.started).toLocaleString() + ', pid ' + s.pid + ', scanner '
        + s.scanner],
    ];
    const box = $('about');
    facts.forEach(([name, text], i) => {
      let e = box.children[i];
      if (!e) {
        e = make('div');
        e.append(make('dt', '', name), make('dd'));
        box.append(e);
      }
      setText(e.lastChild, text);
    });
  };

  const showAlarms = (s) => {
    const list = s.alarms || [], box = $('alarms');
    box.hidden = !list.length;
    while (box.children.length > list.length) box.lastChild.remove();
    list.forEach((text, i) => {
      if (!box.children[i]) box.append(make('li'));
      setText(box.children[i], text);
    });
  };

  const showTop = (s) => {
    const pill = $('state'), alarms = (s.alarms || []).length;
    const [word, cls] = !s.ready ? ['not ready', 'is-bad'] : s.draining ? ['draining', 'is-warn']
      : alarms ? [alarms + (alarms > 1 ? ' alarms' : ' alarm'), 'is-warn']
        : ['forwarding', 'is-up'];
    setText(pill, word);
    setClass(pill, 'pill ' + cls);
    setText($('node'), s.node || '');
    setText($('facts'), 'version ' + s.version + ', up ' + span(s.uptime_s));
    document.title = (s.node || 'viaduct') + ': ' + word;
  };

  // --- the round ---------------------------------------------------------------------------

  const show = () => {
    const s = page.status;
    showTop(s);
    showAlarms(s);
    showTiles(s);
    showPools();
    measure(page.counters);
    showDrops(page.counters);
    showWorkers(s);
    showAbout(s);
  };

  const showStale = () => {
    const old = page.failures > 0;
    document.body.classList.toggle('old', old);
    $('stale').hidden = !old;
    if (!old) return;
    setText($('stale'), page.seen
      ? 'No answer from viaduct for ' + span((Date.now() - page.seen) / 1000)
        + '. What is shown is of ' + new Date(page.seen).toLocaleTimeString() + '.'
      : 'No answer from viaduct.');
    setText($('state'), 'no answer');
    setClass($('state'), 'pill is-bad');
    document.title = 'no answer: viaduct';
  };

  const get = async (path) => {
    const stop = new AbortController(), timer = setTimeout(() => stop.abort(), TIMEOUT);
    try {
      const answer = await fetch(path, { cache: 'no-store', signal: stop.signal });
      if (!answer.ok) throw new Error(path + ': ' + answer.status);
      return await answer.json();
    } finally {
      clearTimeout(timer);
    }
  };

  const round = async () => {
    const began = performance.now();
    clearTimeout(page.timer);
    page.timer = 0;
    try {
      [page.status, page.pools, page.counters, page.history] = await Promise.all(
        ['/status.json', '/pools.json', '/counters.json', '/history.json'].map(get));
      page.failures = 0;
      page.seen = Date.now();
      show();
    } catch (error) {
      page.failures++;
      page.problem = String(error);
    }
    showStale();
    const took = performance.now() - began;
    if (!page.paused && !document.hidden) {
      page.timer = setTimeout(round, Math.max(PERIOD, took * 10));
    }
  };

  $('pause').addEventListener('click', () => {
    page.paused = !page.paused;
    setAttr($('pause'), 'aria-pressed', String(page.paused));
    setText($('pause'), page.paused ? 'Resume' : 'Pause');
    if (page.paused) clearTimeout(page.timer);
    else round();
  });
  $('find').addEventListener('input', showPools);
  $('only').addEventListener('change', showPools);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && !page.paused && !page.timer) round();
  });
  round();
})();
