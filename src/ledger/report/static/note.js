// A note as a person reads it: the few marks of Markdown that notes have, as elements.

import { h } from "./dom.js";

export function note(text) {
  const blocks = [];
  let list = null;
  let code = null;
  for (const line of String(text).split("\n")) {
    if (line.startsWith("```")) {
      if (code) blocks.push(h("pre", {}, code.join("\n")));
      code = code ? null : [];
      continue;
    }
    if (code) {
      code.push(line);
      continue;
    }
    const heading = /^(#{1,6})\s+(.*)/.exec(line);
    const item = /^\s*[-*]\s+(.*)/.exec(line);
    if (!item) list = null;
    if (heading) blocks.push(h(`h${Math.min(6, heading[1].length + 1)}`, {}, inline(heading[2])));
    else if (item) {
      if (!list) blocks.push((list = h("ul")));
      list.append(h("li", {}, inline(item[1])));
    } else if (line.trim()) blocks.push(h("p", {}, inline(line)));
  }
  if (code) blocks.push(h("pre", {}, code.join("\n")));
  return h("div", { class: "note" }, blocks);
}

const MARKS = /`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\((https?:\/\/[^\s)]+)\)/g;

function inline(text) {
  const parts = [];
  let at = 0;
  for (const found of text.matchAll(MARKS)) {
    parts.push(text.slice(at, found.index));
    if (found[1]) parts.push(h("code", {}, found[1]));
    else if (found[2]) parts.push(h("strong", {}, found[2]));
    else parts.push(h("a", { href: found[4], rel: "noreferrer noopener", target: "_blank" }, found[3]));
    at = found.index + found[0].length;
  }
  return [...parts, text.slice(at)];
}
