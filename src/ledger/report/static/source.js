// Where the data comes from: a server that sends what is new, or the page itself.

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
    if (!answer.ok) throw new Error(document.error ?? answer.statusText);
    return document;
  }

  // Calls back with (kind, data, version) for what happens after `since`, and with "lost" and "back".
  listen(since, tell) {
    this.close();
    const asked = new URLSearchParams({ since, ...(this.board ? { board: this.board } : {}) });
    const stream = new EventSource(`api/events?${asked}`);
    for (const kind of ["rows", "candidates", "about", "anew", "trouble", "newer"]) {
      stream.addEventListener(kind, (event) => tell(kind, JSON.parse(event.data), Number(event.lastEventId)));
    }
    stream.onopen = () => tell("back", null, 0);
    stream.onerror = () => tell("lost", null, 0);
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
      const found = this.documents.curves[query.metric];
      return { version: 0, metric: query.metric, axis: query.axis, series: found ?? {} };
    }
    if (path === "run") {
      const found = this.documents.runs?.[query.id];
      if (found) return found;
    }
    if (!(path in this.documents)) throw new Error("this is not part of the report");
    return this.documents[path];
  }

  listen() {}

  close() {}
}
