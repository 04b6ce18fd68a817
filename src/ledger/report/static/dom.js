// Elements by description. Text is always text: nothing a file says becomes markup.

const SVG = "http://www.w3.org/2000/svg";

export function h(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in FIELDS) element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined));
  return element;
}

const FIELDS = { checked: 1, value: 1, selected: 1, disabled: 1, indeterminate: 1, hidden: 1 };

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// Calls `work` in the next frame, once however often it is asked for; with `rest` not sooner than
// so many milliseconds after the last time.
export function oncePerFrame(work, rest = 0) {
  let isWaiting = false;
  let last = 0;
  const now = () => {
    isWaiting = false;
    last = performance.now();
    work();
  };
  return () => {
    if (isWaiting) return;
    isWaiting = true;
    const left = rest - (performance.now() - last);
    if (left > 0) setTimeout(() => requestAnimationFrame(now), left);
    else requestAnimationFrame(now);
  };
}

export function download(name, text, kind) {
  const link = h("a", { href: `data:${kind};charset=utf-8,${encodeURIComponent(text)}`, download: name });
  link.click();
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // not allowed here: the caller shows the text instead
  }
}
