// SPDX-License-Identifier: BSD-3-Clause
// What the report shows of a search for the limit: its trials as plots and as a table. Called by
// report.js, whose names it uses.
"use strict";

const OUTCOMES = [
	["passed", "passed", "a", "disc"],
	["failed", "failed", "bad", "cross"],
	["generator", "the generator\u2019s limit", "soft", "triangle"],
];

function trialRows() {
	return limit.trials.map((t, i) => ({
		class: t.outcome === "passed" ? "" : "zero",
		cells: [String(i + 1), t.step, show.rate(t.rate), show.rate(t.sent_rate),
			show.rate(t.received_rate), show.share(t.loss), show.time(t.latency_ns.p50),
			show.time(t.latency_ns.p99), show.time(t.latency_ns["p99.9"]), show.seconds(t.seconds),
			t.outcome === "passed" ? "passed" : `${t.outcome === "failed" ? "failed" : "generator"}: ${t.why}`],
	}));
}

const TRIAL_TITLES = ["n:trial", "step", "n:rate/s", "n:sent/s", "n:received/s", "n:loss", "n:p50",
	"n:p99", "n:p99.9", "n:time", "outcome"];

// A button that shows what is near the limit; the marks lie close together there.
function zoom(spec) {
	const button = element("button", { type: "button", class: "choice", "aria-pressed": "false" }, "zoom in");
	const near = { ...spec.x, min: limit.rate * 0.8, max: limit.rate * 1.2 };
	const inside = (p) => p.x >= near.min && p.x <= near.max;
	const close = { ...spec, x: near,
		series: spec.series.map((s) => ({ ...s, points: s.points.filter(inside) })) };
	return limit.rate ? { button, apply(plot) {
		button.addEventListener("click", () => {
			const on = button.getAttribute("aria-pressed") !== "true";
			button.setAttribute("aria-pressed", on);
			button.textContent = on ? "zoom out" : "zoom in";
			plot.change(on ? close : spec);
		});
	} } : undefined;
}

function limitPlots() {
	if (!limit || !limit.trials.length) return;
	const trials = limit.trials;
	const x = { min: 0, max: above(trials.map((t) => t.rate)), format: show.rate,
		name: "messages per second asked for" };
	const losses = trials.map((t) => t.loss).filter((v) => v > 0);
	const least = Math.floor(Math.log10(Math.min(limit.loss || 1e-6, ...losses, 1e-5)));
	const none = least - 0.8; // where "no loss" is drawn
	const ticks = [[none, "none"]];
	for (let e = least; e <= 0; e++) ticks.push([e, e === 0 ? "100 %" : show.share(10 ** e)]);
	const y = (t) => (t.loss > 0 ? Math.max(Math.log10(t.loss), least) : none);
	const rules = limit.loss > 0 ? [{ y: Math.log10(limit.loss), text: "bound " + show.share(limit.loss) }] : [];
	if (limit.rate) rules.push({ x: limit.rate, text: show.rate(limit.rate) + "/s" });
	const tip = (at, [{ point }]) => [`${show.rate(point.trial.rate)}/s, ${point.trial.step}`,
		[point.trial.outcome === "passed" ? "passed" : point.trial.why],
		[`loss ${show.share(point.trial.loss)}`], [`p50 ${show.time(point.trial.latency_ns.p50)}`],
		[`p99.9 ${show.time(point.trial.latency_ns["p99.9"])}`]];
	const spec = {
		title: "Loss by rate", single: true, rules, x,
		text: "Each mark is a trial. The result is the highest rate that a long trial confirmed.",
		y: { min: none, max: 0, ticks, name: "share of messages lost" },
		series: OUTCOMES.map(([outcome, name, color, shape]) => ({ name, color, shape, kind: "marks",
			points: trials.filter((t) => t.outcome === outcome).map((t) => ({ x: t.rate, y: y(t), trial: t })) }))
			.filter((s) => s.points.length),
		tip,
	};
	figure(spec, table(TRIAL_TITLES, trialRows()), zoom(spec));
	latencyByRate(trials, x);
}

function latencyByRate(trials, x) {
	const list = trials.filter((t) => t.latency_ns.max > 0).sort((a, b) => a.rate - b.rate);
	const lines = [["p99.9", "b"], ["p99", "c"], ["p50", "a"]];
	const passed = list.filter((t) => t.outcome === "passed");
	if (!list.length) return;
	const series = lines.map(([p, color]) => ({ name: p, kind: "line", color,
		points: passed.map((t) => ({ x: t.rate, y: Math.max(1, t.latency_ns[p]) })) }));
	const rest = lines.map(([p, color]) => ({ kind: "marks", shape: "ring", color, label: p,
		name: p === "p50" ? "ring: not passed" : "",
		points: list.filter((t) => t.outcome !== "passed")
			.map((t) => ({ x: t.rate, y: Math.max(1, t.latency_ns[p]) })) }))
		.filter((s) => s.points.length);
	const spec = {
		title: "Latency by rate", x,
		text: "What load does to latency: lines through the trials that passed.",
		y: { log: true, format: show.time, name: "latency",
			...around(list.flatMap((t) => lines.map(([p]) => t.latency_ns[p]))) },
		series: [...series, ...rest],
		rules: limit.rate ? [{ x: limit.rate, text: show.rate(limit.rate) + "/s" }] : [],
		tip: (at, points) => [`${show.rate(at)}/s`, ...points.map(({ series: s, point }) =>
			[`${s.label || s.name} ${show.time(point.y)}`, s.color])],
	};
	figure(spec, table(["n:rate/s", "n:p50", "n:p99", "n:p99.9", "n:max", "outcome"], list.map((t) =>
		[show.rate(t.rate), show.time(t.latency_ns.p50), show.time(t.latency_ns.p99),
			show.time(t.latency_ns["p99.9"]), show.time(t.latency_ns.max), t.outcome])), zoom(spec));
}

function trialTable() {
	if (limit && limit.trials.length)
		card("Trials", true, element("p", { class: "more" },
			`A rate has failed when ${limit.tries} trials at it have, since shared machines stall; ` +
			"all of them are listed."), table(TRIAL_TITLES, trialRows()));
}
