// Any two versions, of one model or of two, side by side. The address names them, so it can be shared.
(function (g) {
  "use strict";

  g.pages.compare = function (page) {
    var names = page.index.models.filter(function (each) { return each.count; });
    if (!names.length) { return page.fail("There is no version yet."); }
    var first = page.parts[0] || names[0].name;
    var second = page.parts[2] || first;
    var rows = [first, second].map(function (name) { return g.model(page.index, name); });
    if (!rows[0] || !rows[1]) { return page.fail("There is no model of this name."); }
    g.loadAll(rows.map(function (row) { return "m/" + row.key; }), function (models) {
      var numbers = models.map(function (model) { return model.versions.map(function (each) { return each.v; }); });
      var chosen = [
        { model: first, v: page.parts[1] || numbers[0][Math.max(0, numbers[0].length - 2)] },
        { model: second, v: page.parts[3] || numbers[1][numbers[1].length - 1] }
      ];
      var picker = pick(names, chosen, numbers);
      g.open(page.index, first, chosen[0].v, function (old) {
        g.open(page.index, second, chosen[1].v, function (now) {
          page.draw("Compare", [picker].concat(beside(page, old, now)));
        }, function (words) { page.draw("Compare", [picker, g.el("p", { text: words })]); });
      }, function (words) { page.draw("Compare", [picker, g.el("p", { text: words })]); });
    }, function () { page.fail("These models cannot be read."); });
  };

  function pick(models, chosen, numbers) {
    function go() { location.hash = g.address(["compare", chosen[0].model, chosen[0].v, chosen[1].model, chosen[1].v]); }
    var fields = [];
    chosen.forEach(function (each, at) {
      var side = at ? "After" : "Before";
      fields.push(choice(side + ": model", models.map(function (row) { return row.name; }), each.model, function (value) {
        each.model = value;
        each.v = models.filter(function (row) { return row.name === value; })[0].newest;
        go();
      }));
      fields.push(choice(side + ": version", numbers[at].slice().reverse(), each.v, function (value) {
        each.v = value;
        go();
      }));
    });
    return g.el("div", { "class": "fields" }, fields);
  }

  // With many to choose from a list of suggestions is quicker than a menu.
  function choice(title, values, value, then) {
    if (values.length <= 200) {
      var select = g.el("select", { onchange: function () { then(select.value); } }, values.map(function (each) {
        return g.el("option", { value: each, text: each });
      }));
      select.value = value;
      return g.el("label", {}, [title, select]);
    }
    var id = "choices-" + title.replace(/\W+/g, "-");
    var input = g.el("input", { list: id, value: value, onchange: function () {
      if (values.indexOf(input.value) >= 0) { then(input.value); }
    } });
    return g.el("label", {}, [title, input, g.el("datalist", { id: id }, values.map(function (each) {
      return g.el("option", { value: each });
    }))]);
  }

  function beside(page, old, now) {
    var heads = [old, now].map(function (each) {
      return (old.model === now.model ? "" : each.model.name + " ") + "v" + each.version.v;
    });
    return [
      g.el("p", {}, [g.linkTo(old.model.name), " ", g.linkTo(old.model.name, old.version.v), " → ", g.linkTo(now.model.name), " ", g.linkTo(now.model.name, now.version.v)]),
      part("Metrics", ["Metric"].concat(heads, ["Change"]), together(old.details.metrics, now.details.metrics).map(function (each) {
        return [each[0], g.number(each[1]), g.number(each[2]), g.difference(page.index, each[0], each[1], each[2])];
      })),
      part("Parameters", ["Parameter"].concat(heads, ["Change"]), together(old.details.parameters, now.details.parameters).map(told)),
      part("Data", ["Path"].concat(heads, ["Change"]), together(data(old.details), data(now.details)).map(told)),
      part("Made from", ["What"].concat(heads, ["Change"]), together(made(old), made(now)).map(told)),
      pictures(heads, old.details.plots || [], now.details.plots || [])
    ];
  }

  function part(title, heads, rows) {
    return g.section(title, [rows.length ? g.plain(title, heads, rows) : g.el("p", { text: "Neither has any." })]);
  }

  function told(each) {
    var words = each[1] === each[2] ? "same" : each[1] === undefined ? "new" : each[2] === undefined ? "gone" : "changed";
    return [each[0], each[1] === undefined ? "–" : each[1], each[2] === undefined ? "–" : each[2],
      words === "same" ? words : g.el("strong", { text: words })];
  }

  function together(old, now) {
    var names = old.concat(now).map(function (pair) { return pair[0]; });
    return names.filter(function (name, at) { return names.indexOf(name) === at; }).map(function (name) {
      return [name, g.lookUp(old, name), g.lookUp(now, name)];
    });
  }

  function data(details) {
    return details.data.map(function (each) {
      return [each[0], [each[1] ? "md5 " + each[1].slice(0, 12) : "", each[2] === null ? "" : each[2] + " rows",
        each[3] === null ? "" : each[3] + " bytes"].filter(Boolean).join(", ")];
    });
  }

  function made(own) {
    var details = own.details;
    var artifact = details.artifact || [];
    return [
      ["date", g.time(own.version.at)], ["algorithm", details.algo || "–"], ["encoding", details.encoding || "–"],
      ["code", details.source.slice(0, 12)], ["artifact", artifact[0] || "–"],
      ["artifact bytes", artifact[3] === undefined || artifact[3] === null ? "–" : String(artifact[3])],
      ["artifact sha256", artifact[4] ? artifact[4].slice(0, 12) : "–"], ["message", details.subject || "–"]
    ];
  }

  function pictures(heads, old, now) {
    var names = together(old, now);
    if (!names.length) { return null; }
    var nodes = [];
    names.forEach(function (each) {
      nodes.push(g.el("h3", { text: each[0] }));
      nodes.push(g.el("div", { "class": "pictures" }, [each[1], each[2]].map(function (file, at) {
        return file ? g.picture([heads[at], file]) : g.el("p", { text: heads[at] + ": none" });
      })));
    });
    return g.section("Plots", nodes);
  }
}(gitmodel));
