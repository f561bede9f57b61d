// Package source makes the script of 2,000 lines that is compiled, for each language:
// 167 handler functions of 12 lines.
package source

import (
	"fmt"
	"strings"
)

// Funcs is the number of functions.
const Funcs = 167

var shapes = map[string]string{
	"lua": `function handler_%[1]d(event)
  local id = event.id
  local user = event.user
  local text = event.text
  local line = user .. ": " .. text .. " #%[1]d"
  local n = %[1]d * 3 + 4
  if n > 20 then
    n = n - 20
  end
  local out = {id = id, line = line, n = n}
  return send("chan%[1]d", out)
end
`,
	"js": `function handler_%[1]d(event) {
  const id = event.id;
  const user = event.user;
  const text = event.text;
  const line = user + ": " + text + " #%[1]d";
  let n = %[1]d * 3 + 4;
  if (n > 20) {
    n = n - 20;
  }
  const out = {id: id, line: line, n: n};
  return send("chan%[1]d", out);
}
`,
	"star": `def handler_%[1]d(event):
  id = event["id"]
  user = event["user"]
  text = event["text"]
  line = user + ": " + text + " #%[1]d"
  n = %[1]d * 3 + 4

  if n > 20:
    n = n - 20

  out = {"id": id, "line": line, "n": n}
  return send("chan%[1]d", out)
`,
	"tengo": `handler_%[1]d := func(event) {
  id := event.id
  user := event.user
  text := event.text
  line := user + ": " + text + " #%[1]d"
  n := %[1]d * 3 + 4
  if n > 20 {
    n = n - 20
  }
  out := {id: id, line: line, n: n}
  return send("chan%[1]d", out)
}
`,
	"expr": `send("chan%[1]d", {"id": event.id, "line": event.user + ": " + event.text + " #%[1]d", "n": (%[1]d*3+4) > 20 ? (%[1]d*3+4) - 20 : %[1]d*3+4})`,
}

func init() { shapes["py"] = shapes["star"] }

// One is the i-th function.
func One(lang string, i int) string { return fmt.Sprintf(shapes[lang], i) }

// Script is all of them.
func Script(lang string) string {
	var b strings.Builder
	for i := 0; i < Funcs; i++ {
		b.WriteString(One(lang, i))
	}
	return b.String()
}
