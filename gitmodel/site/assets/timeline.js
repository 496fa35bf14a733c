// What was measured and what happened, on one axis of time. A table beneath says the same.
gitmodel.timeline = (function (g) {
  "use strict";
  var WIDE = 1040, LEFT = 96, RIGHT = 16, TOP = 12, HIGH = 200, LANE = 34;
  var HUES = 6;

  function ms(text) { return Date.parse(text); }

  // The times in which a version ran in an environment, from what was deployed there.
  g.stays = function (events, env) {
    var found = [];
    events.forEach(function (event) {
      if (event.env !== env) { return; }
      var last = found[found.length - 1];
      var isBrought = ["deployed", "mended", "unchanged"].indexOf(event.kind) >= 0;
      if (event.kind === "removed" && last && !last.until) { last.until = event.at; }
      if (!isBrought || (last && !last.until && last.v === event.v)) { return; }
      if (last && !last.until) { last.until = event.at; }
      found.push({ v: event.v, from: event.at, until: "" });
    });
    return found;
  };

  function environments(model) {
    var names = [];
    function add(name) { if (name && names.indexOf(name) < 0) { names.push(name); } }
    model.environments.forEach(function (each) { add(each.env); });
    model.events.forEach(function (each) { add(each.env); });
    model.incidents.forEach(function (each) { add(each.env); });
    model.live.forEach(function (each) { add(each.env); });
    return names;
  }

  g.metrics = function (model) {
    var names = [];
    function add(name) { if (names.indexOf(name) < 0) { names.push(name); } }
    model.bounds.forEach(function (each) { add(each[0]); });
    model.live.forEach(function (each) { add(each.metric); });
    model.versions.forEach(function (each) { each.metrics.forEach(function (pair) { add(pair[0]); }); });
    return names;
  };

  function scale(values, low, high) {
    var least = Math.min.apply(null, values);
    var most = Math.max.apply(null, values);
    var room = (most - least) * 0.08 || Math.abs(most) * 0.08 || 1;
    return { least: least, most: most, at: function (value) {
      return high - (value - least + room) / (most - least + 2 * room) * (high - low);
    } };
  }

  // Return a node for a model and one of its metrics.
  function timeline(model, metric) {
    var envs = environments(model);
    var offline = [];
    model.versions.forEach(function (each) {
      var value = g.lookUp(each.metrics, metric);
      if (value !== undefined && each.at) { offline.push({ at: ms(each.at), v: each.v, value: value }); }
    });
    var live = model.live.filter(function (each) { return each.metric === metric; });
    var bounds = model.bounds.filter(function (each) { return each[0] === metric; });
    var times = moments(model, live);
    if (!times.length) { return g.el("p", { text: "Nothing has happened yet." }); }
    var begin = Math.min.apply(null, times);
    var span = (Math.max.apply(null, times) - begin) * 1.03 || 1;
    var chart = { items: [], x: function (at) { return LEFT + (at - begin) / span * (WIDE - LEFT - RIGHT); } };
    var height = TOP + HIGH + 24 + envs.length * LANE + 28;
    var picture = g.svg("svg", { viewBox: "0 0 " + WIDE + " " + height, width: WIDE, height: height, "aria-hidden": "true" });
    figures(picture, chart, envs, offline, live, bounds, metric);
    envs.forEach(function (env, at) { lane(picture, chart, model, env, at); });
    ticks(picture, begin, span, height);
    return framed(picture, chart, envs, offline, live, bounds, model);
  }

  function moments(model, live) {
    var found = [];
    function add(text) { var at = ms(text); if (!isNaN(at)) { found.push(at); } }
    model.versions.forEach(function (each) { add(each.at); });
    model.events.forEach(function (each) { add(each.at); });
    model.incidents.forEach(function (each) { add(each.from); add(each.until); });
    live.forEach(function (each) { each.points.forEach(function (point) { add(point[0]); }); });
    return found;
  }

  function figures(picture, chart, envs, offline, live, bounds, metric) {
    var values = offline.map(function (each) { return each.value; });
    live.forEach(function (each) {
      each.points.forEach(function (point) { values.push(point[2], point[3], point[4]); });
    });
    if (!values.length) {
      picture.appendChild(g.svg("text", { x: LEFT, y: TOP + 30, "class": "dim", text: "no figures" }));
      return;
    }
    var spread = Math.max.apply(null, values) - Math.min.apply(null, values);
    bounds.forEach(function (each) {
      var isNear = values.some(function (value) { return Math.abs(value - each[1]) <= 3 * (spread || 1); });
      if (isNear) { values.push(each[1]); }
    });
    var y = scale(values, TOP, TOP + HIGH);
    [y.least, y.most].forEach(function (value) {
      picture.appendChild(line("grid", LEFT, y.at(value), WIDE - RIGHT, y.at(value)));
      picture.appendChild(g.svg("text", { x: LEFT - 6, y: y.at(value) + 4, "text-anchor": "end", "class": "dim", text: g.number(value) }));
    });
    bounds.forEach(function (each) {
      if (values.indexOf(each[1]) < 0) { return; }
      picture.appendChild(line("bound", LEFT, y.at(each[1]), WIDE - RIGHT, y.at(each[1])));
    });
    live.forEach(function (each) { curve(picture, chart, each, y, hue(envs, each.env)); });
    curve(picture, chart, {
      env: "offline",
      metric: metric,
      points: offline.map(function (each) { return [each.at, each.v, each.value, each.value, each.value]; })
    }, y, "hue0");
  }

  function curve(picture, chart, drawn, y, colour) {
    var points = drawn.points.map(function (point) {
      var at = typeof point[0] === "number" ? point[0] : ms(point[0]);
      return { at: at, x: chart.x(at), v: point[1], value: point[2], low: point[3], high: point[4] };
    });
    var upper = points.map(function (each) { return each.x.toFixed(1) + "," + y.at(each.high).toFixed(1); });
    var lower = points.map(function (each) { return each.x.toFixed(1) + "," + y.at(each.low).toFixed(1); });
    var middle = points.map(function (each) { return each.x.toFixed(1) + "," + y.at(each.value).toFixed(1); });
    var group = g.svg("g", { "class": colour });
    group.appendChild(g.svg("polygon", { "class": "spread", points: upper.concat(lower.reverse()).join(" ") }));
    group.appendChild(g.svg("polyline", { "class": "curve", points: middle.join(" ") }));
    points.forEach(function (each) {
      var dot = g.svg("circle", { "class": "dot", cx: each.x.toFixed(1), cy: y.at(each.value).toFixed(1), r: points.length > 80 ? 2 : 4 });
      var range = each.low === each.high ? "" : " (" + g.number(each.low) + " to " + g.number(each.high) + ")";
      var place = drawn.env === "offline" ? "when it was trained" : "live in " + drawn.env;
      item(chart, dot, each.at, drawn.metric + " of v" + each.v + " " + place + ": " + g.number(each.value) + range);
      group.appendChild(dot);
    });
    picture.appendChild(group);
  }

  // What ran in an environment, when it changed, and what broke there.
  function lane(picture, chart, model, env, at) {
    var top = TOP + HIGH + 24 + at * LANE;
    var group = g.svg("g", { "class": hue([], env, at) });
    group.appendChild(g.svg("text", { x: LEFT - 6, y: top + 17, "text-anchor": "end", text: env.length > 13 ? env.slice(0, 12) + "…" : env }));
    group.appendChild(line("grid", LEFT, top + LANE - 5, WIDE - RIGHT, top + LANE - 5));
    g.stays(model.events, env).forEach(function (stay) {
      var x = chart.x(ms(stay.from));
      var end = stay.until ? chart.x(ms(stay.until)) : WIDE - RIGHT;
      var box = g.svg("rect", { "class": "stay", x: x.toFixed(1), y: top + 2, width: Math.max(2, end - x).toFixed(1), height: LANE - 12 });
      item(chart, box, ms(stay.from), "v" + stay.v + " ran in " + env + " until " + (stay.until ? g.time(stay.until) : "now"));
      group.appendChild(box);
      if (end - x > 30) { group.appendChild(g.svg("text", { x: x + 4, y: top + 17, text: "v" + stay.v })); }
    });
    model.events.forEach(function (event) {
      if (event.env !== env || ["rollback", "failed", "hold", "withdraw"].indexOf(event.kind) < 0) { return; }
      var x = chart.x(ms(event.at));
      var sign = g.svg("path", { "class": "dot", d: "M" + (x - 5) + "," + (top + 1) + "h10l-5,8z" });
      item(chart, sign, ms(event.at), env + ": " + event.text + (event.why ? ": " + event.why : ""));
      group.appendChild(sign);
    });
    model.incidents.forEach(function (incident) {
      if (incident.env !== env) { return; }
      var x = chart.x(ms(incident.from));
      var end = incident.until ? chart.x(ms(incident.until)) : WIDE - RIGHT;
      var box = g.svg("rect", { "class": "incident", x: x.toFixed(1), y: top, width: Math.max(3, end - x).toFixed(1), height: LANE - 8 });
      item(chart, box, ms(incident.from), "Incident in " + env + ", v" + incident.v + ": " + incident.condition + (incident.until ? ", until " + g.time(incident.until) : ", still open"));
      group.appendChild(box);
    });
    picture.appendChild(group);
  }

  function ticks(picture, begin, span, height) {
    for (var at = 0; at < 5; at += 1) {
      var day = new Date(begin + span * at / 4).toISOString();
      var words = span < 4 * 864e5 ? day.slice(5, 16).replace("T", " ") : day.slice(0, 10);
      var anchor = at === 0 ? "start" : at === 4 ? "end" : "middle";
      var x = LEFT + (WIDE - LEFT - RIGHT) * at / 4;
      picture.appendChild(g.svg("text", { x: x, y: height - 8, "text-anchor": anchor, "class": "dim", text: words }));
    }
  }

  function item(chart, node, at, words) {
    node.setAttribute("data-words", g.time(new Date(at).toISOString()) + ": " + words);
    chart.items.push({ at: at, node: node });
  }

  function line(kind, x1, y1, x2, y2) {
    return g.svg("line", { "class": kind, x1: x1, y1: y1.toFixed(1), x2: x2, y2: y2.toFixed(1) });
  }

  function hue(envs, env, at) { return "hue" + (1 + (at === undefined ? envs.indexOf(env) : at) % (HUES - 1)); }

  // The picture with its legend and the words of what is pointed at, by mouse or by the arrow keys.
  function framed(picture, chart, envs, offline, live, bounds, model) {
    var readout = g.el("p", { "class": "readout", "aria-live": "polite", text: "Point at something, or move with the arrow keys." });
    var items = chart.items.sort(function (one, other) { return one.at - other.at; });
    var chosen = -1;
    function choose(at) {
      if (items[chosen]) { items[chosen].node.classList.remove("chosen"); }
      chosen = Math.max(0, Math.min(items.length - 1, at));
      if (items[chosen]) {
        items[chosen].node.classList.add("chosen");
        readout.textContent = items[chosen].node.getAttribute("data-words");
      }
    }
    var box = g.el("div", { "class": "box timeline", role: "group", tabindex: "0", "aria-label": "Timeline: the arrow keys go from one thing to the next; a table follows" }, [picture]);
    box.addEventListener("keydown", function (event) {
      var step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step || event.key === "Home" || event.key === "End") {
        event.preventDefault();
        choose(step ? chosen + step : event.key === "Home" ? 0 : items.length - 1);
      }
    });
    box.addEventListener("mouseover", function (event) {
      items.forEach(function (each, at) { if (each.node === event.target) { choose(at); } });
    });
    var legend = [];
    if (offline.length) { legend.push(key("hue0", "when trained")); }
    envs.forEach(function (env, at) {
      var isLive = live.some(function (each) { return each.env === env; });
      legend.push(key(hue([], env, at), env + (isLive ? ": live figures, and what ran" : ": what ran")));
    });
    if (bounds.length) { legend.push(key("bound", "bound of a quality condition")); }
    if (model.incidents.length) { legend.push(key("incident", "incident")); }
    return g.el("div", {}, [g.el("ul", { "class": "legend" }, legend), box, readout]);
  }

  function key(colour, words) {
    return g.el("li", {}, [g.el("i", { "class": colour, "aria-hidden": "true" }), words]);
  }

  return timeline;
}(gitmodel));
