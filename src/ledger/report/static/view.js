// How the page is looked at. All of it stands in the address, so that a reload, a link and a test
// see the same.

const DEFAULTS = {
  tab: "overview",
  metric: "",
  sort: "value",
  desc: "",
  filter: "",
  sel: [],
  pin: [],
  top: 10,
  smooth: 0,
  log: "",
  x: "epoch",
  zoom: [],
  group: "",
  all: "",
  train: "1",
  run: "",
  brush: [],
  goal: [], // a metric, and which way a person says that it is better
};

export class View {
  constructor(place = window.location) {
    this.place = place;
    this.listeners = [];
    this.read();
    window.addEventListener("hashchange", () => {
      this.read();
      this.tell();
    });
  }

  read() {
    const said = new URLSearchParams(this.place.hash.slice(1));
    for (const [name, usual] of Object.entries(DEFAULTS)) {
      const text = said.get(name);
      if (text === null) this[name] = Array.isArray(usual) ? [...usual] : usual;
      else if (Array.isArray(usual)) this[name] = text ? text.split(",").map(decoded) : [];
      else this[name] = typeof usual === "number" ? Number(text) || 0 : text;
    }
    this.zoom = this.zoom.map(Number).filter(Number.isFinite);
  }

  set(patch) {
    Object.assign(this, patch);
    const said = new URLSearchParams();
    for (const [name, usual] of Object.entries(DEFAULTS)) {
      const value = this[name];
      const text = Array.isArray(value) ? value.map(encodeURIComponent).join(",") : String(value);
      if (text !== (Array.isArray(usual) ? "" : String(usual))) said.set(name, text);
    }
    window.history.replaceState(null, "", `#${said}`);
    this.tell();
  }

  // Which way somebody who looks said that a metric is better, null where nobody did.
  saidGoal(metric) {
    const [name, goal] = this.goal;
    return name === metric && ["min", "max"].includes(goal) ? goal : null;
  }

  toggle(list, name, most = Infinity) {
    const has = this[list].includes(name);
    const rest = this[list].filter((each) => each !== name);
    this.set({ [list]: has ? rest : [...rest, name].slice(-most) });
  }

  on(listener) {
    this.listeners.push(listener);
  }

  tell() {
    for (const listener of this.listeners) listener();
  }
}

// An address that was cut or written by hand may hold a lone percent sign.
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
