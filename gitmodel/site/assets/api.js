// How to ask a service for predictions, and a form that does it.
(function (g) {
  "use strict";

  g.api = function (own) {
    var place = g.el("div", {});
    function show(api, url) {
      g.clear(place);
      parts(own, api, url, show).forEach(function (node) { place.appendChild(node); });
    }
    show(own.details.api);
    return [place];
  };

  // `show` is called with a signature that a service has told, and its address.
  function parts(own, api, told, show) {
    var places = own.model.environments.filter(function (each) { return each.url; });
    var here = places.filter(function (each) { return each.runs === own.version.v; })[0] || places[0];
    var url = told || (here ? here.url : "http://127.0.0.1:3000");
    var example = api ? example_of(api) : {};
    var code = g.el("div", {});
    var address = g.el("input", { type: "url", value: url, required: true, list: "services", size: 40, oninput: tell });
    var known = g.el("datalist", { id: "services" }, places.map(function (each) {
      return g.el("option", { value: each.url, text: each.env });
    }));
    function tell() {
      g.clear(code);
      requests(address.value, example).forEach(function (node) { code.appendChild(node); });
    }
    tell();
    var nodes = [g.el("p", {}, ["POST ", g.el("code", { text: "/predict" }), " takes a row as a JSON object, or many as an array."]), code];
    if (api) {
      nodes.push(schema("What a row holds", api.input), schema("What is answered", api.output));
    } else {
      nodes.push(unknown(address, show));
    }
    nodes.push(g.el("h3", { text: "Try it" }), form(api, example, address, known));
    return nodes;
  }

  function unknown(address, show) {
    var answer = g.el("output", { "class": "answer", "aria-live": "polite" });
    return g.el("div", {}, [
      g.el("p", { text: "The signature is not known here: it comes with the package of a version. A running service tells its own." }),
      g.el("button", { type: "button", text: "Ask the service", onclick: function () { signature(address.value, answer, show); } }),
      answer
    ]);
  }

  // What a service says of itself may be anything: it is used as values only.
  function signature(url, answer, show) {
    if (!isAddress(url, answer)) { return; }
    say(answer, "Asking…");
    fetch(url.replace(/\/+$/, "") + "/docs.json", { credentials: "omit" }).then(function (response) {
      return response.json();
    }).then(function (found) {
      var schemas = found.components.schemas;
      var content = found.paths["/predict"].post.requestBody.content["application/json"];
      var first = (content.examples || {})["one row"];
      show({ input: Object(schemas.Row), output: Object(schemas.Answer), example: first && first.value }, url);
    }).catch(function (error) {
      if (error instanceof TypeError && /fetch/i.test(error.message)) { say(answer, silent(url), true); }
      else { say(answer, "What it says is no signature: " + error.message, true); }
    });
  }

  function isAddress(url, answer) {
    var isGood = /^https?:\/\//.test(url);
    if (!isGood) { say(answer, "The address must begin with http:// or https://.", true); }
    return isGood;
  }

  function silent(url) {
    return "There was no answer that this page may read. Either nothing answers at " + url +
      ", or the service does not allow this page to ask: `serving: {allow_origins: [\"" + (location.protocol === "file:" ? "null" : location.origin) +
      "\"]}` in model.yaml lets it.";
  }

  function example_of(api) {
    if (api.example) { return api.example; }
    var row = Object.create(null);
    Object.keys(api.input.properties || {}).forEach(function (name) {
      var field = api.input.properties[name];
      row[name] = field["enum"] ? field["enum"][0] : { string: "", boolean: false }[types(field)[0]];
      if (row[name] === undefined) { row[name] = 0; }
    });
    return row;
  }

  function types(field) { return [].concat(field.type || []); }

  // Texts that a shell, and Python, take as they are, whatever they hold.
  function requests(url, example) {
    var body = JSON.stringify(example);
    var target = url.replace(/\/+$/, "") + "/predict";
    var shell = "curl -s " + quoted(target) + " -H 'Content-Type: application/json' -d " + quoted(body);
    var python = "import json\nimport urllib.request\n\nrequest = urllib.request.Request(\n    " + JSON.stringify(target) +
      ",\n    data=json.dumps(json.loads(" + JSON.stringify(body) + ")).encode(),\n" +
      "    headers={\"Content-Type\": \"application/json\"},\n)\nprint(json.load(urllib.request.urlopen(request)))";
    return [["At a prompt", shell], ["In Python", python]].map(function (pair) {
      return g.el("details", { open: pair[0] === "At a prompt" }, [
        g.el("summary", { text: pair[0] }), g.el("pre", { tabindex: "0", "aria-label": pair[0], text: pair[1] })
      ]);
    });
  }

  function quoted(text) { return "'" + text.replace(/'/g, "'\\''") + "'"; }

  function schema(title, content) {
    return g.el("details", {}, [
      g.el("summary", { text: title }), g.el("pre", { tabindex: "0", "aria-label": title, text: JSON.stringify(content, null, 2) })
    ]);
  }

  function form(api, example, address, known) {
    var fields = api ? inputs(api.input, example) : null;
    var raw = g.el("textarea", { rows: 6, cols: 50, "aria-label": "A row as JSON" });
    raw.value = JSON.stringify(example, null, 2);
    var answer = g.el("output", { "class": "answer", "aria-live": "polite" });
    return g.el("form", { onsubmit: function (event) {
      event.preventDefault();
      try {
        ask(address.value, fields ? fields.read() : JSON.parse(raw.value), answer);
      } catch (error) { say(answer, "This is not JSON: " + error.message, true); }
    } }, [
      g.el("label", {}, ["Address of the service", address]), known,
      fields ? g.el("div", { "class": "fields" }, fields.nodes) : g.el("label", {}, ["A row as JSON", raw]),
      g.el("button", { type: "submit", text: "Predict" }), answer
    ]);
  }

  // A field a column, of the kind that its schema asks for; what is left empty is null, or is not sent.
  function inputs(schema, example) {
    var required = schema.required || [];
    var made = Object.keys(schema.properties || {}).map(function (name) {
      var field = schema.properties[name];
      var node = control(field, example[name]);
      return { name: name, field: field, node: node, label: g.el("label", {}, [name, node]) };
    });
    return {
      nodes: made.map(function (each) { return each.label; }),
      read: function () {
        var row = Object.create(null);
        made.forEach(function (each) {
          var value = valued(each.field, each.node.value);
          if (value !== null || required.indexOf(each.name) >= 0) { row[each.name] = value; }
        });
        return row;
      }
    };
  }

  function control(field, value) {
    var kinds = types(field);
    var choices = field["enum"] || (kinds.indexOf("boolean") >= 0 ? [true, false] : null);
    if (choices) {
      var select = g.el("select", {}, choices.map(function (each) {
        return g.el("option", { value: JSON.stringify(each), text: String(each) });
      }));
      if (value !== undefined) { select.value = JSON.stringify(value); }
      return select;
    }
    var isNumber = kinds.indexOf("number") >= 0 || kinds.indexOf("integer") >= 0;
    var input = g.el("input", { type: isNumber ? "number" : "text", step: isNumber ? "any" : null });
    input.value = value === null || value === undefined ? "" : value;
    return input;
  }

  function valued(field, text) {
    var kinds = types(field);
    if (field["enum"] || kinds.indexOf("boolean") >= 0) { return JSON.parse(text); }
    if (text === "" && kinds.indexOf("string") < 0) { return null; }
    return kinds.indexOf("number") >= 0 || kinds.indexOf("integer") >= 0 ? Number(text) : text;
  }

  function ask(url, row, answer) {
    if (!isAddress(url, answer)) { return; }
    say(answer, "Asking…");
    fetch(url.replace(/\/+$/, "") + "/predict", {
      method: "POST", credentials: "omit", headers: { "Content-Type": "application/json" }, body: JSON.stringify(row)
    }).then(function (response) {
      return response.text().then(function (text) {
        var isGood = response.ok;
        try { text = JSON.stringify(JSON.parse(text), null, 2); } catch (error) { /* shown as it is */ }
        say(answer, (isGood ? "" : "The service refused it (" + response.status + "):\n") + text.slice(0, 20000), !isGood);
      });
    }, function () {
      say(answer, silent(url), true);
    });
  }

  function say(answer, words, isBad) {
    answer.className = "answer" + (isBad ? " worse" : "");
    answer.textContent = words;
  }
}(gitmodel));
