// Looks at the report in frames of several widths, light and dark, and writes what
// it finds to the page as JSON.
"use strict";

// channels returns the red, green and blue of a colour, from 0 to 1, and its opacity.
function channels(color) {
	const numbers = color.match(/[\d.]+/g).map(Number);
	const unit = color.startsWith("color(") ? 1 : 255;
	return { rgb: numbers.slice(0, 3).map(v => v / unit), a: numbers.length > 3 ? numbers[3] : 1 };
}

// luminance is that of WCAG 2.
function luminance(rgb) {
	const [r, g, b] = rgb.map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a, b) {
	const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
	return (x + 0.05) / (y + 0.05);
}

// ground returns the colour behind an element.
function ground(view, element) {
	for (let e = element; e; e = e.parentElement) {
		const c = channels(view.getComputedStyle(e).backgroundColor);
		if (c.a > 0) return c.rgb;
	}
	return [1, 1, 1];
}

function look(frame) {
	const view = frame.contentWindow, doc = frame.contentDocument, root = doc.documentElement;
	const found = {
		width: root.clientWidth, scroll: root.scrollWidth, dark: view.matchMedia("(prefers-color-scheme: dark)").matches,
		pictures: doc.querySelectorAll("svg").length, scripts: doc.scripts.length, title: doc.querySelector("h1").textContent,
		faint: [], beyond: [], small: [], pictureWidths: [], resources: view.performance.getEntriesByType("resource").length,
	};
	for (const e of doc.querySelectorAll("body *")) {
		const style = view.getComputedStyle(e);
		const own = [...e.childNodes].some(n => n.nodeType === Node.TEXT_NODE && n.textContent.trim());
		const box = e.getBoundingClientRect();
		if (own) {
			const ink = channels(e instanceof view.SVGElement ? style.fill : style.color).rgb;
			const c = contrast(ink, ground(view, e));
			if (c < 4.5) found.faint.push(`${e.tagName} ${e.textContent.slice(0, 30)}: ${c.toFixed(2)}`);
			if (!e.closest("svg") && parseFloat(style.fontSize) < 11.5) found.small.push(`${e.tagName} ${style.fontSize}`);
		}
		if (box.right > root.clientWidth + 1 && !e.closest(".scroll, .box, pre, svg")) found.beyond.push(`${e.tagName} ${box.right}`);
		if (e.tagName === "svg") found.pictureWidths.push(Math.round(box.width));
	}
	return found;
}

addEventListener("load", () => {
	const found = [...document.querySelectorAll("iframe")].map(look);
	const pre = document.createElement("pre");
	pre.id = "found";
	pre.textContent = JSON.stringify(found);
	document.body.append(pre);
});
