// SPDX-License-Identifier: BSD-3-Clause
// Plots of the report: axes, lines, bars, marks, values under the pointer, as SVG. A plot is drawn
// for the width it has and again when that changes, so its letters never shrink.
"use strict";

const SVG = "http://www.w3.org/2000/svg";
const LETTER = 6.8; // mean width of a letter of an axis, in pixels
const DASHES = { a: "", b: "7 4", c: "2 4", d: "10 3 2 3", bad: "", soft: "" };

// --- numbers ---------------------------------------------------------------------------------

function digits(value, n) {
	return String(Number(value.toPrecision(n)));
}

const show = {
	count(v) {
		return Math.round(v).toString().replace(/\B(?=(\d{3})+$)/g, ",");
	},
	rate(v) {
		const a = Math.abs(v);
		if (a >= 999.5e6) return digits(v / 1e9, 3) + " G";
		if (a >= 999.5e3) return digits(v / 1e6, 3) + " M";
		if (a >= 999.5) return digits(v / 1e3, 3) + " k";
		return digits(v, 3);
	},
	time(ns) {
		if (ns >= 999.5e6) return digits(ns / 1e9, 3) + " s";
		if (ns >= 999.5e3) return digits(ns / 1e6, 3) + " ms";
		if (ns >= 1000) return digits(ns / 1e3, 3) + " \u00b5s";
		return digits(ns, 3) + " ns";
	},
	share(v) {
		if (v === 0) return "0";
		if (v < 1e-4) return v.toExponential(1).replace("e-", "e\u2212");
		return digits(v * 100, 3) + " %";
	},
	seconds(v) {
		return digits(v, 4) + " s";
	},
};

// --- elements --------------------------------------------------------------------------------

function element(name, attributes, ...children) {
	const e = document.createElement(name);
	for (const [key, value] of Object.entries(attributes || {})) e.setAttribute(key, value);
	e.append(...children);
	return e;
}

function draw(parent, name, attributes, text) {
	const e = document.createElementNS(SVG, name);
	for (const [key, value] of Object.entries(attributes || {})) e.setAttribute(key, value);
	if (text !== undefined) e.textContent = text;
	parent.append(e);
	return e;
}

// table(["name", "n:number"], rows): a column whose title begins with "n:" is to the right.
function table(titles, rows) {
	const side = titles.map((t) => (t.startsWith("n:") ? "n" : ""));
	const cell = (name, value, i) => element(name, side[i] ? { class: side[i] } : {}, value);
	const head = element("tr", {});
	titles.forEach((t, i) => {
		const th = cell("th", t.replace(/^n:/, ""), i);
		th.scope = "col";
		head.append(th);
	});
	const body = element("tbody", {});
	for (const row of rows) {
		const tr = element("tr", row.class ? { class: row.class } : {});
		(row.cells || row).forEach((value, i) => tr.append(cell("td", value, i)));
		body.append(tr);
	}
	return element("div", { class: "scroll" },
		element("table", {}, element("thead", {}, head), body));
}

// --- axes ------------------------------------------------------------------------------------

// An axis is { min, max, name, format } and "log: true" or ticks of its own, [[value, text]...].

function position(axis, from, to) {
	const t = axis.log ? Math.log10 : (v) => v;
	const low = t(axis.min), high = t(axis.max);
	const scale = high > low ? (to - from) / (high - low) : 0;
	return (v) => from + (t(axis.log ? Math.max(v, axis.min) : v) - low) * scale;
}

function linearTicks(axis, n) {
	const raw = (axis.max - axis.min) / Math.max(1, n);
	const power = 10 ** Math.floor(Math.log10(raw || 1));
	const step = power * [1, 2, 5, 10].find((k) => k * power >= raw * 0.999);
	const ticks = [];
	for (let i = Math.ceil(axis.min / step - 1e-9); i * step <= axis.max + step * 1e-9; i++)
		ticks.push([i * step, axis.format(i * step)]);
	return ticks;
}

function logTicks(axis, n) {
	const decades = Math.log10(axis.max / axis.min);
	const parts = decades * 3 <= n ? [1, 2, 5] : decades * 2 <= n ? [1, 3] : [1];
	const every = Math.max(1, Math.ceil(decades / n));
	const ticks = [];
	for (let e = Math.floor(Math.log10(axis.min)); e <= Math.log10(axis.max) + 1e-9; e++) {
		if (e % every) continue;
		for (const part of parts) {
			const v = part * 10 ** e;
			if (v >= axis.min * 0.999 && v <= axis.max * 1.001) ticks.push([v, axis.format(v)]);
		}
	}
	return ticks.length > 1 ? ticks : linearTicks(axis, n);
}

function ticksOf(axis, n) {
	return axis.ticks || (axis.log ? logTicks(axis, n) : linearTicks(axis, n));
}

// Bounds of a log axis around values, at full steps of 1, 2, 5.
function around(values) {
	const some = values.filter((v) => v > 0);
	if (!some.length) return { min: 1, max: 10 };
	const least = some.reduce((a, b) => Math.min(a, b)), most = some.reduce((a, b) => Math.max(a, b));
	const steps = (v, up) => {
		const power = 10 ** Math.floor(Math.log10(v) + 1e-9);
		const list = up ? [1, 2, 5, 10] : [5, 2, 1];
		const k = up ? list.find((s) => s * power >= v * 0.9999) : list.find((s) => s * power <= v * 1.0001);
		return k * power;
	};
	const min = steps(least, false), max = steps(most, true);
	return max > min ? { min, max } : { min: min / 2, max: max * 2 };
}

// The end of a linear axis from 0 that has room above the highest value.
function above(values) {
	const most = values.reduce((a, b) => Math.max(a, b), 0) * 1.06;
	if (most === 0) return 1;
	const power = 10 ** Math.floor(Math.log10(most));
	return power * [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((k) => k * power >= most);
}

// --- the plot --------------------------------------------------------------------------------

let plots = 0;

class Plot {
	// spec: { title, text, height, x, y, series, rules, notes, tip, rows }, see report.js.
	constructor(canvas, spec) {
		this.canvas = canvas;
		this.spec = spec;
		this.id = "plot" + plots++;
		this.tip = element("div", { class: "tip", "aria-live": "polite" });
		this.canvas.append(this.tip);
		this.width = 0;
		this.at = -1;
		new ResizeObserver(() => requestAnimationFrame(() => this.fit())).observe(canvas);
		this.fit();
	}

	fit() {
		const width = Math.max(260, Math.floor(this.canvas.clientWidth));
		if (width === this.width) return;
		this.width = width;
		this.render();
	}

	change(spec) {
		this.spec = spec;
		this.render();
	}

	render() {
		const { spec, width } = this, height = spec.height || 300;
		if (this.svg) this.svg.remove();
		this.hide();
		this.svg = draw(this.canvas, "svg", {
			class: "plot", viewBox: `0 0 ${width} ${height}`, width, height, role: "img",
			tabindex: 0, "aria-labelledby": `${this.id}t ${this.id}d`,
		});
		draw(this.svg, "title", { id: this.id + "t" }, spec.title);
		draw(this.svg, "desc", { id: this.id + "d" }, spec.text + " Arrow keys walk along the values.");
		this.layout(width, height);
		this.drawAxes();
		this.marks = draw(this.svg, "g", {});
		for (const s of spec.series) this.drawSeries(s);
		for (const r of spec.rules || []) this.drawRule(r);
		this.drawNotes(spec.notes || []);
		this.cursor = draw(this.svg, "g", { visibility: "hidden" });
		this.stops = this.makeStops();
		this.listen();
	}

	layout(width, height) {
		const { spec } = this;
		const rows = Math.max(2, Math.floor((height - 70) / 46));
		this.yTicks = ticksOf(spec.y, rows);
		const longest = Math.max(...this.yTicks.map((t) => t[1].length), 2);
		this.left = Math.ceil(longest * LETTER) + 12;
		this.right = width - 10;
		this.top = 26;
		this.bottom = height - 44;
		const letters = spec.x.letters || 7;
		const columns = Math.max(2, Math.floor((this.right - this.left) / (letters * LETTER + 22)));
		this.xTicks = ticksOf(spec.x, columns);
		this.x = position(spec.x, this.left, this.right);
		this.y = position(spec.y, this.bottom, this.top);
	}

	drawAxes() {
		const { spec, left, right, top, bottom } = this, g = draw(this.svg, "g", {});
		for (const [v, text] of this.yTicks) {
			const y = Math.round(this.y(v)) + 0.5;
			draw(g, "line", { class: "grid", x1: left, x2: right, y1: y, y2: y });
			draw(g, "text", { x: left - 7, y: y + 4, "text-anchor": "end" }, text);
		}
		let end = -Infinity;
		for (const [v, text] of this.xTicks) {
			const x = Math.round(this.x(v)) + 0.5, half = (text.length * LETTER) / 2;
			draw(g, "line", { class: "grid", x1: x, x2: x, y1: top, y2: bottom });
			const middle = Math.min(Math.max(x, left + half - 10), right - half + 8);
			if (middle - half < end + 8) continue;
			draw(g, "text", { x: middle, y: bottom + 17, "text-anchor": "middle" }, text);
			end = middle + half;
		}
		draw(g, "path", { class: "frame", d: `M${left + 0.5} ${top}V${bottom + 0.5}H${right}` });
		draw(g, "text", { class: "axis-name", x: 0, y: 12 }, spec.y.name);
		draw(g, "text", { class: "axis-name", x: right, y: bottom + 38, "text-anchor": "end" },
			spec.x.name);
	}

	drawSeries(s) {
		const g = draw(this.marks, "g", { class: "k-" + s.color });
		const xy = s.points.map((p) => [this.x(p.x), this.y(p.y)]);
		if (s.kind === "bars") return this.drawBars(g, s, xy);
		if (s.kind === "marks") return xy.forEach(([x, y]) => drawMark(g, s.shape, x, y));
		if (!xy.length) return undefined;
		if (xy.length === 1) return drawMark(g, "disc", ...xy[0]);
		const text = (p) => p[0].toFixed(1) + " " + p[1].toFixed(1);
		const path = "M" + xy.map(text).join("L");
		if (s.area)
			draw(g, "path", { class: "area",
				d: `${path}L${xy[xy.length - 1][0].toFixed(1)} ${this.bottom}L${xy[0][0].toFixed(1)} ${this.bottom}Z` });
		draw(g, "path", { class: "line" + (s.broad ? " broad" : ""), d: path,
			"stroke-dasharray": s.broad ? "" : DASHES[s.color] });
		return undefined;
	}

	drawBars(g, s, xy) {
		s.points.forEach((p, i) => {
			const from = this.x(p.from), to = this.x(p.to), gap = to - from > 4 ? 1 : 0;
			const y = Math.min(xy[i][1], this.bottom - (p.y > 0 ? 1 : 0));
			draw(g, "rect", { class: "bar", x: from.toFixed(1), y: y.toFixed(1),
				width: Math.max(0.5, to - from - gap).toFixed(1),
				height: Math.max(0, this.bottom - y).toFixed(1) });
		});
	}

	drawRule(r) {
		const g = draw(this.svg, "g", {}), upright = r.x !== undefined;
		const at = upright ? this.x(r.x) : this.y(r.y);
		draw(g, "path", { class: "rule", d: upright ?
			`M${at} ${this.bottom}V${this.top - 6}` : `M${this.left} ${at}H${this.right}` });
		if (!upright) {
			draw(g, "text", { class: "note", x: this.left + 6, y: at - 6 }, r.text);
			return;
		}
		const far = at + r.text.length * 7 > this.right;
		draw(g, "text", { class: "note", x: at + (far ? -6 : 6), y: this.top + 4,
			"text-anchor": far ? "end" : "start" }, r.text);
	}

	// Names of points, up and to the left of them, where a rising curve leaves room.
	drawNotes(notes) {
		const taken = [];
		for (const n of notes) {
			const x = this.x(n.x), y = this.y(n.y), wide = n.text.length * 7;
			const box = x - wide - 8 >= this.left ? [x - wide - 8, y - 22, x - 4, y - 4] :
				[x + 6, y + 6, x + 10 + wide, y + 24];
			const clash = taken.some((t) => box[0] < t[2] + 6 && t[0] < box[2] + 6 &&
				box[1] < t[3] && t[1] < box[3]);
			const g = draw(this.svg, "g", { class: "k-" + (n.color || "a") });
			drawMark(g, "disc", x, y);
			if (clash) continue;
			taken.push(box);
			draw(g, "text", { class: "note", x: box[0] + 2, y: box[1] + 13 }, n.text);
		}
	}

	// Where the cursor can stand: each x once, with the points that are there.
	makeStops() {
		const stops = new Map();
		for (const s of this.spec.series) {
			if (s.silent) continue;
			for (const p of s.points) {
				const key = this.spec.single ? stops.size : p.x;
				if (!stops.has(key)) stops.set(key, { x: p.x, points: [] });
				stops.get(key).points.push({ series: s, point: p });
			}
		}
		return [...stops.values()].sort((a, b) => a.x - b.x);
	}

	listen() {
		const { svg } = this;
		const near = (event) => {
			const box = svg.getBoundingClientRect();
			const x = ((event.clientX - box.left) / box.width) * this.width;
			const y = ((event.clientY - box.top) / box.width) * this.width;
			let best = -1, least = Infinity;
			this.stops.forEach((s, i) => {
				const dx = this.x(s.x) - x;
				const dy = this.spec.single ? this.y(s.points[0].point.y) - y : 0;
				if (dx * dx + dy * dy < least) {
					least = dx * dx + dy * dy;
					best = i;
				}
			});
			this.stand(best);
		};
		svg.addEventListener("pointermove", near);
		svg.addEventListener("pointerdown", near);
		svg.addEventListener("pointerleave", () => this.hide());
		svg.addEventListener("blur", () => this.hide());
		svg.addEventListener("keydown", (event) => {
			const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
			if (event.key === "Escape") this.hide();
			if (!step) return;
			event.preventDefault();
			this.stand(Math.min(Math.max(this.at + step, 0), this.stops.length - 1));
		});
	}

	hide() {
		this.at = -1;
		this.tip.style.visibility = "hidden";
		if (this.cursor) this.cursor.setAttribute("visibility", "hidden");
	}

	stand(i) {
		const stop = this.stops[i];
		if (!stop) return;
		this.at = i;
		const x = this.x(stop.x);
		this.cursor.replaceChildren();
		draw(this.cursor, "line", { class: "cursor", x1: x, x2: x, y1: this.top, y2: this.bottom });
		for (const { series, point } of stop.points)
			if (series.kind !== "bars")
				drawMark(draw(this.cursor, "g", { class: "k-" + series.color }), "disc", x, this.y(point.y));
		this.cursor.setAttribute("visibility", "visible");
		this.fillTip(this.spec.tip(stop.x, stop.points), x);
	}

	// lines: the title, then [text, color or nothing]...
	fillTip([title, ...lines], x) {
		const { tip } = this;
		tip.replaceChildren(element("b", {}, title));
		for (const [text, color] of lines) {
			const row = element("div", color ? { class: "k-" + color } : {});
			if (color) row.append(element("i", {}));
			row.append(text);
			tip.append(row);
		}
		const scale = this.svg.getBoundingClientRect().width / this.width;
		const room = this.canvas.clientWidth - tip.offsetWidth;
		const right = x * scale + 14, left = x * scale - tip.offsetWidth - 14;
		tip.style.transform = `translate(${Math.max(0, Math.min(right <= room ? right : left, room))}px, ${this.top}px)`;
		tip.style.visibility = "visible";
	}
}

function drawMark(g, shape, x, y) {
	const at = (v) => v.toFixed(1), r = 4.2;
	if (shape === "cross")
		draw(g, "path", { class: "mark",
			d: `M${at(x - r)} ${at(y - r)}L${at(x + r)} ${at(y + r)}M${at(x - r)} ${at(y + r)}L${at(x + r)} ${at(y - r)}` });
	else if (shape === "triangle")
		draw(g, "path", { class: "mark hollow",
			d: `M${at(x)} ${at(y - r - 1)}L${at(x + r + 1)} ${at(y + r)}H${at(x - r - 1)}Z` });
	else if (shape === "ring")
		draw(g, "circle", { class: "mark hollow", cx: at(x), cy: at(y), r });
	else
		draw(g, "circle", { class: "mark full", cx: at(x), cy: at(y), r: 3.2 });
}

// A legend for series with a name.
function legend(series) {
	const list = element("ul", { class: "legend" });
	for (const s of series) {
		if (!s.name) continue;
		const item = element("li", { class: "k-" + s.color });
		const sample = draw(item, "svg", { viewBox: "0 0 26 12", "aria-hidden": "true" });
		if (s.kind === "marks") drawMark(sample, s.shape, 13, 6);
		else
			draw(sample, "path", { class: "line" + (s.broad ? " broad" : ""), d: "M2 6H24",
				"stroke-dasharray": s.broad ? "" : DASHES[s.color] });
		item.append(s.name);
		list.append(item);
	}
	return list;
}
