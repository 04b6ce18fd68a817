// Where the data comes from: a server that sends what is new, or the page itself.

// Whether nobody answered, so that another time somebody may.
export function isUnanswered(error) {
  return error instanceof TypeError; // what fetch throws without an answer
}

export class Live {
  constructor() {
    this.board = new URLSearchParams(window.location.search).get("board") ?? "";
    this.isLive = true;
  }

  async get(path, query = {}) {
    const asked = new URLSearchParams();
    if (this.board) asked.set("board", this.board);
    for (const [name, value] of Object.entries(query)) {
      for (const each of [value].flat()) asked.append(name, each);
    }
    const answer = await fetch(`api/${path}?${asked}`);
    const document = await answer.json().catch(() => ({ error: answer.statusText }));
    if (!answer.ok) throw Object.assign(new Error(document.error ?? answer.statusText), document);
    return document;
  }

  // Calls back with (kind, data, version) for what happens after `since`, and with "lost" and "back",
  // or with "gone" where the browser does not try again by itself.
  listen(since, tell) {
    this.close();
    const asked = new URLSearchParams({ since, ...(this.board ? { board: this.board } : {}) });
    const stream = new EventSource(`api/events?${asked}`);
    for (const kind of ["rows", "candidates", "about", "anew", "trouble", "newer"]) {
      stream.addEventListener(kind, (event) => tell(kind, JSON.parse(event.data), Number(event.lastEventId)));
    }
    stream.onopen = () => tell("back", null, 0);
    stream.onerror = () => tell(stream.readyState === EventSource.CLOSED ? "gone" : "lost", null, 0);
    this.stream = stream;
  }

  close() {
    this.stream?.close();
  }
}

// A report: everything that may be asked for was written into the page.
export class Inlined {
  constructor(documents) {
    this.documents = documents;
    this.board = "";
    this.isLive = false;
  }

  async get(path, query = {}) {
    if (path === "curves") {
      const packed = this.documents.curves[query.metric];
      if (!packed) throw new Error(`the curves of ${query.metric} are not part of this report`);
      const ids = query.id ?? Object.keys(packed);
      const series = Object.fromEntries(ids.filter((id) => id in packed).map((id) => [id, packed[id].map(unpack)]));
      return { version: 0, metric: query.metric, axis: query.axis, series };
    }
    const found = this.document(path, query);
    if (!found) throw new Error(this.told(path));
    if (found.error) throw new Error(found.error);
    return found;
  }

  document(path, query) {
    const { runs, compare } = this.documents;
    if (path === "run") return runs?.[query.id];
    if (path !== "compare") return this.documents[path];
    return compare && [...query.id].sort().join() === [...compare.of].sort().join() ? compare.found : null;
  }

  told(path) {
    const { runs, compare, board } = this.documents;
    const name = (id) => board.candidates.find((each) => each.id === id)?.label ?? id;
    const has = path === "run" ? Object.keys(runs ?? {}) : path === "compare" ? (compare?.of ?? []) : [];
    const part = has.length ? `; of this kind it has ${has.map(name).join(" and ")}` : "";
    return `This is not part of the report${part}. \`ledger dash\` shows it.`;
  }

  listen() {}

  close() {}
}

const LEVELS = 4095;

// A curve as report/pack.py packs it.
function unpack({ k, x, lo, hi, d }) {
  let level = 0;
  const y = d.map((step) => (typeof step === "number" ? lo + ((hi - lo) * (level += step)) / LEVELS : step));
  const isCounted = x.length === 2 && d.length > 2;
  return { k, x: isCounted ? Array.from({ length: x[1] }, (_, at) => x[0] + at) : x, y };
}

// What was written into the page: JSON, compressed where that saves something.
export async function inlined(element) {
  if (element.dataset.form !== "gzip") return JSON.parse(element.textContent);
  const bytes = Uint8Array.from(atob(element.textContent.trim()), (each) => each.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
}
