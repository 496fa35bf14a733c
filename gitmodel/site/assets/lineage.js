// Where a version comes from and where it went, from left to right.
gitmodel.lineage = (function (g) {
  "use strict";
  var WIDE = 190, HIGH = 44, ACROSS = 60, DOWN = 14, LETTERS = 27;

  // Return a node: the picture, and the same as a list. `details` and `model` are what the pages have.
  function lineage(name, version, details, model) {
    var graph = { nodes: [], edges: [], known: Object.create(null) };
    var own = node(graph, "version", name + " v" + version, "version", "own");
    (details.stages || []).forEach(function (stage) {
      var step = node(graph, "stage " + stage[0], stage[0], "stage: " + stage[1].split("\n")[0]);
      stage[2].forEach(function (path) { edge(graph, file(graph, details, path), step); });
      stage[3].forEach(function (path) { edge(graph, step, file(graph, details, path)); });
    });
    if (details.artifact) { edge(graph, file(graph, details, details.artifact[0]), own); }
    details.data.forEach(function (each) {
      var data = file(graph, details, each[0]);
      if (!graph.edges.some(function (pair) { return pair[0] === data; })) { edge(graph, data, own); }
    });
    (details.files || []).forEach(function (each) {
      if (each[2]) { edge(graph, node(graph, "source " + each[2], each[2], "imported from"), file(graph, details, each[0])); }
    });
    edge(graph, node(graph, "run", "commit " + details.source.slice(0, 8), "code"), own);
    environments(graph, version, own, model);
    return g.el("div", {}, [drawn(graph), told(graph)]);
  }

  function environments(graph, version, own, model) {
    model.environments.forEach(function (each) {
      if (each.wanted === version || each.runs === version) {
        edge(graph, own, node(graph, "env " + each.env, each.env, each.runs === version ? "runs it" : "should run it"));
      }
    });
    model.events.forEach(function (each) {
      if (each.v === version && each.kind === "deployed") {
        edge(graph, own, node(graph, "env " + each.env, each.env, "has run it"));
      }
    });
    model.incidents.forEach(function (each) {
      if (each.v === version) {
        var place = node(graph, "env " + each.env, each.env, "has run it");
        edge(graph, own, place);
        edge(graph, place, node(graph, "incident " + each.id, each.condition, "incident", "trouble"));
      }
    });
  }

  function file(graph, details, path) {
    var words = path;
    (details.files || []).forEach(function (each) { if (each[0] === path) { words = each[1].slice(path.length).trim(); } });
    return node(graph, "file " + path, path, words === path ? "file" : words);
  }

  function node(graph, key, title, words, kind) {
    if (!graph.known[key]) {
      graph.known[key] = { title: title, words: words || "", kind: kind || "", before: [], rank: 0 };
      graph.nodes.push(graph.known[key]);
    }
    return graph.known[key];
  }

  function edge(graph, start, end) {
    if (start !== end && end.before.indexOf(start) < 0) {
      end.before.push(start);
      graph.edges.push([start, end]);
    }
  }

  // Each stands to the right of all that it comes from; a circle, which should not be, ends the search.
  function rank(graph) {
    for (var turn = 0; turn < graph.nodes.length; turn += 1) {
      var moved = false;
      graph.edges.forEach(function (pair) {
        if (pair[1].rank <= pair[0].rank) { pair[1].rank = pair[0].rank + 1; moved = true; }
      });
      if (!moved) { return; }
    }
  }

  function drawn(graph) {
    rank(graph);
    // What nothing made stands just before what reads it.
    graph.nodes.forEach(function (each) {
      if (each.before.length) { return; }
      var after = graph.edges.filter(function (pair) { return pair[0] === each; })
        .map(function (pair) { return pair[1].rank; });
      if (after.length) { each.rank = Math.max(0, Math.min.apply(null, after) - 1); }
    });
    var heights = [];
    graph.nodes.forEach(function (each) {
      each.row = heights[each.rank] || 0;
      heights[each.rank] = each.row + 1;
      each.x = each.rank * (WIDE + ACROSS) + 1;
      each.y = each.row * (HIGH + DOWN) + 1;
    });
    var wide = heights.length * (WIDE + ACROSS) - ACROSS + 2;
    var high = Math.max.apply(null, heights.map(function (count) { return count || 0; })) * (HIGH + DOWN);
    var picture = g.svg("svg", { viewBox: "0 0 " + wide + " " + high, width: wide, height: high, "aria-hidden": "true" });
    graph.edges.forEach(function (pair) {
      var x1 = pair[0].x + WIDE, y1 = pair[0].y + HIGH / 2, x2 = pair[1].x, y2 = pair[1].y + HIGH / 2;
      var bend = Math.max(20, (x2 - x1) / 2);
      picture.appendChild(g.svg("path", { "class": "edge", d: "M" + x1 + "," + y1 + "C" + (x1 + bend) + "," + y1 + " " + (x2 - bend) + "," + y2 + " " + x2 + "," + y2 }));
    });
    graph.nodes.forEach(function (each) {
      picture.appendChild(g.svg("g", {}, [
        g.svg("title", { text: each.title + ": " + each.words }),
        g.svg("rect", { "class": "node " + each.kind, x: each.x, y: each.y, width: WIDE, height: HIGH, rx: 6 }),
        g.svg("text", { x: each.x + 8, y: each.y + 18, text: short(each.title) }),
        g.svg("text", { x: each.x + 8, y: each.y + 35, "class": "dim", text: short(each.words) })
      ]));
    });
    return g.boxed("Lineage", picture);
  }

  // The end of a path says more than its beginning.
  function short(text) { return text.length > LETTERS ? "…" + text.slice(1 - LETTERS) : text; }

  function told(graph) {
    return g.el("details", {}, [
      g.el("summary", { text: "The same as a list" }),
      g.el("ul", {}, graph.edges.map(function (pair) {
        return g.el("li", { text: pair[0].title + " → " + pair[1].title });
      }))
    ]);
  }

  return lineage;
}(gitmodel));
