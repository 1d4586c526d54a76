// SPDX-License-Identifier: BSD-3-Clause
// The page of the report: what the data of the run says, in words, plots and tables. The names in
// the data are those of --json (docs/viaload.md).
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const { plan, result, machine, program, verdict, find_limit: limit } = data;
const counters = result.counters;
const latency = result.latency_ns;
const running = result.latency_ns_running; // of messages that met no pause of viaload's own
const paused = running.count > 0 && running.count < latency.count;
const PERCENTILES = ["p50", "p90", "p99", "p99.9", "p99.99", "max"];

// --- the top ---------------------------------------------------------------------------------

function whatWasDone() {
	if (limit && !limit.rate) return `No rate with so little loss, scenario ${plan.scenario}`;
	if (limit) return `${show.rate(limit.rate)} messages/s is the limit, scenario ${plan.scenario}`;
	if (!plan.callers.devices.length) return "Servers of scenario " + plan.scenario;
	if (plan.pace === "open") return `${plan.scenario} at ${show.rate(plan.rate)} messages/s`;
	if (plan.pace === "closed") return `${plan.scenario}, ${plan.calls} at a time`;
	return plan.scenario + " as fast as the devices take it";
}

function notice(text, bad) {
	document.getElementById("notices").append(
		element("p", { class: "notice" + (bad ? " bad" : ""), role: "note" }, text));
}

function heading() {
	const title = document.getElementById("title");
	title.textContent = whatWasDone();
	title.append(element("span", { class: "badge " + (verdict.passed ? "good" : "bad") },
		verdict.passed ? "passed" : "failed"));
	document.title = "viaload: " + whatWasDone();
	document.getElementById("subtitle").textContent =
		`${program.started.replace("T", " ").replace("Z", " UTC")}, measured ` +
		`${show.seconds(result.seconds)} on ${machine.cpu || "an unknown CPU"}, ${machine.cores} ` +
		`core${machine.cores === 1 ? "" : "s"}`;
	if (!verdict.passed) notice("Failed: " + verdict.reason + ".", true);
	if (result.at_ceiling)
		notice("This is the generator\u2019s limit, not the proxy\u2019s: the result is within 20 % of " +
			"what viaload itself can do on these CPUs, and says nothing about the proxy beyond that.");
	if (result.sent_rate < 0.98 * result.offered)
		notice(`${show.rate(result.offered)} messages/s were asked for, ${show.rate(result.sent_rate)} could ` +
			"be sent: the generator or the devices were not fast enough.");
	if (verdict.passed && result.loss > 0 && plan.loss === undefined)
		notice(`${show.share(result.loss)} of the messages were lost. How much may be was not said ` +
			"(--loss), so that is no part of the verdict.");
	if (limit && limit.limited_by === "generator")
		notice("The search ended where the generator could not go faster: the proxy\u2019s limit is higher.");
	if (limit && limit.limited_by === "bounds")
		notice("The highest rate that was asked for passed: the proxy\u2019s limit is higher.");
	if (limit && limit.limited_by === "interrupted")
		notice("The search was interrupted: the limit may be higher.");
}

function tile(name, value, unit, more, bad) {
	const box = element("div", { class: "tile" + (bad ? " bad" : "") },
		element("div", { class: "name" }, name));
	const number = element("div", { class: "value" }, value);
	if (unit) number.append(element("span", { class: "unit" }, unit));
	box.append(number);
	if (more) box.append(element("div", { class: "more" }, more));
	document.getElementById("tiles").append(box);
}

function tiles() {
	if (limit)
		tile("limit, messages", show.rate(limit.rate), "/s", `loss up to ${show.share(limit.loss)}, ` +
			`${limit.trials.length} trials`);
	tile("messages", show.rate(result.received_rate), "/s",
		`${show.count(counters.received)} came through`);
	tile("calls", show.rate(result.call_rate), "/s", `${show.count(counters.calls_done)} done, ` +
		`${show.count(counters.calls_failed)} failed`);
	tile("lost", show.share(result.loss), "", `${show.count(counters.lost)} of ` +
		`${show.count(counters.sent)}`, counters.lost > 0 && !verdict.passed);
	tile("wrong", show.count(verdict.wrong), "", verdict.wrong ? "see the counters" : counters.received ? "all was checked" : "nothing to check",
		verdict.wrong > 0);
	if (latency.count) {
		const t = latency.percentiles;
		tile("latency, median", show.time(t.p50), "", `p99 ${show.time(t.p99)}`);
		tile("latency, p99.9", show.time(t["p99.9"]), "", `longest ${show.time(t.max)}` +
			(paused ? `; ${show.time(running.percentiles["p99.9"])} while viaload ran` : ""));
	}
	if (result.headroom)
		tile("headroom", digits(result.headroom, 3), "times",
			`the generator\u2019s ceiling is ${show.rate(result.ceiling)}/s`, result.at_ceiling);
}

// --- plots -----------------------------------------------------------------------------------

// figure({ wide, title, text, ... }, table): a plot with its legend and its table.
function figure(spec, rows, choice) {
	const canvas = element("div", { class: "canvas" });
	const caption = element("figcaption", {});
	if (choice) caption.append(choice.button);
	caption.append(element("h2", {}, spec.title), element("p", {}, spec.text));
	if (spec.series.filter((s) => s.name).length > 1) caption.append(legend(spec.series));
	const box = element("figure", spec.wide ? { class: "wide" } : {}, caption, canvas,
		element("details", {}, element("summary", {}, "As a table"), rows));
	document.getElementById("plots").append(box);
	const plot = new Plot(canvas, spec);
	if (choice) choice.apply(plot);
}

// The curve that HdrHistogram plots: the share that took longer, in powers of ten.
function byPercentile() {
	const points = [];
	let seen = 0;
	const last = Math.log10(Math.max(latency.count, 10));
	for (const [low, high, n] of latency.cells) {
		const value = Math.max(1, Math.min(high, latency.percentiles.max));
		points.push({ x: -Math.log10(1 - seen / latency.count), y: Math.max(low, 1), from: seen });
		seen += n;
		const left = 1 - seen / latency.count;
		points.push({ x: left > 0 ? Math.min(-Math.log10(left), last) : last, y: value, from: seen });
	}
	return { points, last };
}

function percentName(nines) {
	return nines < 1 ? digits(100 * (1 - 10 ** -nines), 3) : digits(100 - 10 ** (2 - nines), 2 + Math.ceil(nines));
}

function percentilePlot() {
	if (!latency.count) return;
	const { points, last } = byPercentile();
	const ticks = [[0, "0 %"], [-Math.log10(0.5), "50 %"]];
	for (let n = 1; n <= last; n++)
		ticks.push([n, (n < 3 ? 100 - 10 ** (2 - n) : (100 - 10 ** (2 - n)).toFixed(n - 2)) + " %"]);
	const known = { p50: -Math.log10(0.5), p90: 1, p99: 2, "p99.9": 3, "p99.99": 4, max: last };
	const notes = PERCENTILES.filter((p) => known[p] <= last)
		.map((p) => ({ x: known[p], y: Math.max(1, latency.percentiles[p]),
			text: `${p} ${show.time(latency.percentiles[p])}` }));
	const spec = {
		wide: true, height: 360, title: "Latency by percentile",
		text: "How long messages took from when they were due to be sent until they had come back " +
			"out of the proxy, by the share that took no longer. Each step to the right is ten times rarer.",
		x: { min: 0, max: last, ticks, name: "share of messages that took no longer", letters: 8 },
		y: { log: true, format: show.time, name: "latency", ...around(points.map((p) => p.y)) },
		series: [{ kind: "line", color: "a", area: true, points }],
		notes,
		tip: (x, at) => [show.time(at[at.length - 1].point.y),
			[`${percentName(x)} % took no longer`],
			[`${show.count(latency.count - at[at.length - 1].point.from)} took longer`]],
	};
	const kinds = paused ? [latency, running] : [latency];
	const row = (name, value) => [name, ...kinds.map((h) => show.time(value(h)))];
	figure(spec, table(["percentile", "n:latency", ...(paused ? ["n:while viaload ran"] : [])],
		[row("least", (h) => h.min), row("mean", (h) => h.mean),
			...PERCENTILES.map((p) => row(p, (h) => h.percentiles[p]))]));
}

// The cells of the histogram in up to 96 bars of equal width on a logarithmic axis. A cell that lies
// in two bars is divided between them.
function bars() {
	const first = Math.max(1, latency.min), last = Math.max(latency.percentiles.max, first + 1);
	const octaves = Math.log2(last / first);
	const width = [1 / 16, 1 / 8, 1 / 4, 1 / 2].find((w) => octaves / w <= 96) || 1;
	const list = new Map(), bar = (v) => Math.floor(Math.log2(Math.max(v, 1)) / width + 1e-9);
	for (const [low, high, n] of latency.cells) {
		const from = Math.max(low, 1), to = Math.min(high, last) + 1;
		for (let i = bar(from); i <= bar(to); i++) {
			const part = Math.min(to, 2 ** ((i + 1) * width)) - Math.max(from, 2 ** (i * width));
			if (part > 0) list.set(i, (list.get(i) || 0) + (n * part) / (to - from));
		}
	}
	const all = [];
	const end = Math.max(...list.keys());
	for (let i = Math.min(...list.keys()); i <= end; i++) {
		const from = 2 ** (i * width), to = 2 ** ((i + 1) * width);
		all.push({ x: Math.sqrt(from * to), from, to, y: list.get(i) || 0 });
	}
	return all;
}

function histogramPlot() {
	if (!latency.count) return;
	const points = bars(), most = points.reduce((a, p) => Math.max(a, p.y), 1);
	const linear = { min: 0, max: above([most]), format: show.rate, name: "messages" };
	const log = { log: true, min: 0.5, max: 10 ** Math.ceil(Math.log10(most * 1.2)),
		format: (v) => show.rate(v), name: "messages, logarithmic" };
	const spec = {
		title: "Latency, how often",
		text: "Messages in each bar of latency. The logarithmic scale shows the rare ones.",
		x: { log: true, min: points[0].from, max: points[points.length - 1].to, format: show.time,
			name: "latency" },
		y: linear,
		series: [{ kind: "bars", color: "a", points }],
		tip: (x, [{ point }]) => [`${show.time(point.from)} to ${show.time(point.to)}`,
			[`${show.count(point.y)} messages`, "a"],
			[`${show.share(point.y / latency.count)} of all`]],
	};
	const button = element("button", { type: "button", class: "choice", "aria-pressed": "false" },
		"logarithmic");
	figure(spec, table(["from", "to", "n:messages", "n:share"], points.filter((p) => p.y)
		.map((p) => [show.time(p.from), show.time(p.to), show.count(p.y),
			show.share(p.y / latency.count)])), {
		button,
		apply(plot) {
			button.addEventListener("click", () => {
				const on = button.getAttribute("aria-pressed") !== "true";
				button.setAttribute("aria-pressed", on);
				button.textContent = on ? "linear" : "logarithmic";
				plot.change({ ...spec, y: on ? log : linear });
			});
		},
	});
}

// At most four hundred samples: the longest latency and the sum of losses of those in between stay.
function thin(samples) {
	const every = Math.ceil(samples.length / 400);
	if (every < 2) return samples;
	const kept = [];
	for (let i = 0; i < samples.length; i += every) {
		const piece = samples.slice(i, i + every), last = piece[piece.length - 1];
		const mean = (name) => piece.reduce((a, s) => a + s[name], 0) / piece.length;
		const worst = {};
		for (const p of PERCENTILES) worst[p] = Math.max(...piece.map((s) => s.latency_ns[p]));
		kept.push({ ...last, sent_rate: mean("sent_rate"), received_rate: mean("received_rate"),
			call_rate: mean("call_rate"), lost: piece.reduce((a, s) => a + s.lost, 0), latency_ns: worst });
	}
	return kept;
}

function timePlots() {
	const samples = thin(data.samples);
	if (samples.length < 2) return;
	const x = { min: 0, max: Math.max(result.seconds, samples[samples.length - 1].at), format: show.seconds,
		name: "time since the measurement began" };
	const rows = table(["at", "n:sent/s", "n:received/s", "n:calls/s", "n:lost", "n:p50", "n:p99",
		"n:p99.9", "n:max"], samples.map((s) => [show.seconds(s.at), show.rate(s.sent_rate),
		show.rate(s.received_rate), show.rate(s.call_rate), show.count(s.lost),
		show.time(s.latency_ns.p50), show.time(s.latency_ns.p99), show.time(s.latency_ns["p99.9"]),
		show.time(s.latency_ns.max)]));
	const series = [
		{ name: "sent to the proxy", kind: "line", color: "b", broad: true,
			points: samples.map((s) => ({ x: s.at, y: s.sent_rate })) },
		{ name: "received from it", kind: "line", color: "a",
			points: samples.map((s) => ({ x: s.at, y: s.received_rate })) },
	];
	const lossy = samples.filter((s) => s.lost > 0);
	if (lossy.length)
		series.push({ name: "something was lost", kind: "marks", shape: "cross", color: "bad", silent: true,
			points: lossy.map((s) => ({ x: s.at, y: 0 })) });
	const of = new Map(samples.map((s) => [s.at, s]));
	figure({
		title: "Throughput over time",
		text: !limit ? "Messages per second." : limit.rate ? "Of the trial that confirmed the result." :
			"Of the last trial.",
		x, series,
		y: { min: 0, max: above(samples.flatMap((s) => [s.sent_rate, s.received_rate])),
			format: show.rate, name: "messages per second" },
		tip: (at) => [show.seconds(at), [`sent ${show.rate(of.get(at).sent_rate)}/s`, "b"],
			[`received ${show.rate(of.get(at).received_rate)}/s`, "a"],
			[`calls ${show.rate(of.get(at).call_rate)}/s`], [`lost ${show.count(of.get(at).lost)}`]],
	}, rows);
	latencyOverTime(samples, x);
}

function latencyOverTime(all, x) {
	const samples = all.filter((s) => s.latency_ns.max > 0);
	if (samples.length < 2) return;
	const lines = [["max", "d"], ["p99.9", "b"], ["p99", "c"], ["p50", "a"]];
	figure({
		title: "Latency over time",
		text: "Percentiles of each piece of time on their own: when the slow ones were.",
		x,
		y: { log: true, format: show.time, name: "latency",
			...around(samples.flatMap((s) => lines.map(([p]) => s.latency_ns[p]))) },
		series: lines.map(([p, color]) => ({ name: p, kind: "line", color,
			points: samples.map((s) => ({ x: s.at, y: Math.max(1, s.latency_ns[p]) })) })),
		tip: (at, list) => [show.seconds(at),
			...list.map(({ series, point }) => [`${series.name} ${show.time(point.y)}`, series.color])],
	}, table(["at", ...lines.map(([p]) => "n:" + p)],
		samples.map((s) => [show.seconds(s.at), ...lines.map(([p]) => show.time(s.latency_ns[p]))])));
}

// --- servers ---------------------------------------------------------------------------------

function serverPlot() {
	const { list, calls, deviation } = data.servers;
	if (!list.length || !calls) return;
	const mean = calls / list.length;
	const points = list.map((s, i) => ({ x: i + 0.5, from: i + 0.12, to: i + 0.88, y: s.calls, server: s }));
	const off = (n) => (n < mean ? "\u2212" : "+") + digits(Math.abs(n / mean - 1) * 100, 2) + " %";
	const longest = Math.max(...list.map((s) => s.address.length));
	const few = list.length * longest <= 64; // names fit below their bars
	figure({
		wide: list.length > 12,
		title: "Spread over servers",
		text: `First messages of calls by server: ${show.count(calls)} over ${list.length}, standard ` +
			`deviation ${show.share(deviation)} of the mean.`,
		x: { min: 0, max: list.length, letters: few ? longest : 4, name: few ? "server" : "server, by number",
			ticks: list.map((s, i) => [i + 0.5, few ? s.address : String(i + 1)]) },
		y: { min: 0, max: above(list.map((s) => s.calls)), format: show.rate, name: "calls" },
		series: [{ kind: "bars", color: "c", points }],
		rules: [{ y: mean, text: "mean " + show.rate(mean) }],
		tip: (x, [{ point }]) => [point.server.address, [`${show.count(point.y)} calls`, "c"],
			[`${off(point.y)} of the mean`]],
	}, table(["server", "n:calls", "n:share", "n:off the mean"], list.map((s) =>
		[s.address, show.count(s.calls), show.share(s.calls / calls), off(s.calls)])));
}

// --- tables ----------------------------------------------------------------------------------

function card(title, wide, ...children) {
	document.getElementById("tables").append(
		element("section", { class: "card" + (wide ? " wide" : "") }, element("h2", {}, title), ...children));
}

function counterTable() {
	const rows = Object.entries(counters).map(([name, n]) => {
		const { text, wrong } = data.meanings[name];
		const meaning = element("span", {}, text);
		if (wrong && n) meaning.prepend(element("span", { class: "flag" }, "wrong: "));
		return { class: wrong && n ? "bad" : n ? "" : "zero", cells: [name, show.count(n), meaning] };
	});
	card("Counters", true, table(["name", "n:count", "meaning"], rows));
}

function faultCards() {
	if (!data.faults.length) return;
	card("The first faults", true, ...data.faults.map((f) => {
		const box = element("div", { class: "fault" },
			element("p", {}, element("strong", {}, f.what + ": "), f.why, ` (call ${f.call}, ${f.bytes} bytes)`));
		if (f.message) box.append(element("pre", { tabindex: 0 }, f.message));
		return box;
	}));
}

function facts(pairs) {
	const list = element("dl", {});
	for (const [name, value] of pairs)
		if (value !== undefined && value !== null && value !== "")
			list.append(element("dt", {}, name), element("dd", {}, value));
	return list;
}

function quoted(word) {
	return /^[\w@%+=:,./[\]-]+$/.test(word) ? word : `'${word.replace(/'/g, "'\\''")}'`;
}

function addresses(list) {
	return list.length > 4 ? `${list[0]}, ${list[1]} \u2026 ${list[list.length - 1]} (${list.length})` : list.join(", ");
}

function factCards() {
	const huge = machine.hugepages;
	const percent = (n) => (n ? n + " %" : "");
	card("The run", false, facts([
		["command", element("code", {}, program.command.map(quoted).join(" "))],
		["scenario", plan.scenario],
		["pace", limit ? "open loop, by the search" : { open: "open loop", closed: "closed loop", max: "as fast as possible" }[plan.pace]],
		["measured", show.seconds(result.seconds) + `, after ${show.seconds(plan.warm_up)} of warm-up`],
		["callers", plan.callers.devices.join(" ")],
		["", ""],
		["caller addresses", addresses(plan.callers.addresses)],
		["proxy", plan.callers.proxy],
		["servers", plan.servers.devices.join(" ")],
		["server addresses", addresses(plan.servers.addresses)],
		["cancelled", percent(plan.cancel_percent)],
		["busy", percent(plan.busy_percent)],
		["re-INVITE", percent(plan.reinvite_percent)],
		["repeated", percent(plan.repeat_percent)],
		["different messages", show.count(plan.distinct)],
		["seed", String(plan.seed)],
		["given up after", plan.timeout_ms + " ms"],
		["bytes sent", show.count(counters.sent_bytes) + (counters.sent ? `, ${Math.round(counters.sent_bytes / counters.sent)} per message` : "")],
	]));
	card("The machine", false, facts([
		["CPU", machine.cpu],
		["cores", String(machine.cores)],
		["CPUs of viaload", plan.cpus.join(", ")],
		["memory", digits(machine.memory_kib / 1048576, 3) + " GiB"],
		["hugepages", plan.hugepages ? `${huge.total} of ${digits(huge.size_kib / 1024, 3)} MiB, ${huge.free} were free` : "not used"],
		["kernel", machine.kernel],
		["DPDK", machine.dpdk.replace(/^DPDK /, "")],
		["load before", digits(machine.load, 2)],
		["viaload", program.version],
	]));
}

// A figure that would stand alone in its row takes all of it.
function fillRows() {
	const all = [...document.querySelectorAll("#plots figure")];
	let column = 0;
	all.forEach((f, i) => {
		const wide = (e) => !e || e.classList.contains("wide");
		if (wide(f)) {
			column = 0;
		} else if (column === 0 && wide(all[i + 1])) {
			f.classList.add("wide");
		} else {
			column = 1 - column;
		}
	});
}

// --- all of it -------------------------------------------------------------------------------

heading();
tiles();
percentilePlot();
limitPlots();
timePlots();
histogramPlot();
serverPlot();
fillRows();
counterTable();
faultCards();
trialTable();
factCards();
document.getElementById("made").textContent =
	`Made by viaload ${program.version}, data format ${data.format}. Everything is in this file.`;
document.getElementById("save").addEventListener("click", () => {
	const link = element("a", { download: "viaload.json", href: URL.createObjectURL(
		new Blob([JSON.stringify(data, null, 1)], { type: "application/json" })) });
	link.click();
	URL.revokeObjectURL(link.href);
});
addEventListener("beforeprint", () => {
	for (const d of document.querySelectorAll("details")) d.open = true;
});
