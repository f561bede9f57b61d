package host

import (
	"fmt"
	"strconv"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/host/screen"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// terminalVerbs talk to whoever sits at the terminal (02 §19). Without one Prompt
// and Select read lines from standard input, Render prints, and the rest does
// nothing. Clear … for the <terminal> is in the table of the repositories.
var terminalVerbs = []*Verb{
	{Verb: bytecode.Verb{Name: "prompt", Aliases: []string{"ask"}, Role: bytecode.RoleRequest, Preps: []string{"with", "from"},
		Doc: "Prints a text and reads a line; with the qualifier hidden the line is not shown.", Blocking: true,
		Result: bytecode.Binds, Object: bytecode.TryObject}, Do: prompt},
	{Verb: bytecode.Verb{Name: "select", Aliases: []string{"choose"}, Role: bytecode.RoleRequest, Preps: []string{"from", "with"},
		Doc: "Shows a numbered list and reads which element is meant; with the qualifier multi-select, which ones.", Blocking: true,
		Result: bytecode.Binds, Object: bytecode.TryObject}, Do: selectVerb},
	{Verb: bytecode.Verb{Name: "show", Role: bytecode.RoleOwn, Preps: []string{"for"},
		Doc: "Shows the cursor of the terminal again.", Result: bytecode.Labels, Object: bytecode.LabelObject}, Do: show},
	{Verb: bytecode.Verb{Name: "render", Role: bytecode.RoleResponse, Preps: []string{"to"},
		Doc:    "Prints a text; on a terminal as a section, which is redrawn where it stands.",
		Result: bytecode.Consumes, Object: bytecode.LabelObject, WalkResult: true, Renders: true}, Do: renderVerb},
	{Verb: bytecode.Verb{Name: "repaint", Aliases: []string{"patch"}, Role: bytecode.RoleResponse, Preps: []string{"at"},
		Doc:    "Rewrites the text of one variable in a section on the terminal.",
		Result: bytecode.Consumes, Object: bytecode.LabelObject}, Do: repaint},
}

// prompt is `Prompt the <name> with "Name: ".`
func prompt(c *vm.Call) (value.Value, error) {
	hidden := c.Site.Result.Raw == "hidden"
	h := executionOf(c).Host
	text := message(c)
	return readInput(c, func() (value.Value, error) {
		line, err := h.ask(text, hidden)
		return value.OfString(line), err
	}, value.OfString(""))
}

// message is the text of a Prompt or Select, wherever it stands.
func message(c *vm.Call) string {
	v, ok := argOr(c, bytecode.SlotWith)
	if !ok && c.Site.Prep == "with" {
		v = c.Arg(bytecode.SlotObject)
	}
	if !v.IsBound() {
		return ""
	}
	return v.Text()
}

// ask prints a text and reads a line, "" at the end of the input. Questions of
// statements that run at the same time come one after the other.
func (h *Host) ask(text string, hidden bool) (string, error) {
	h.asking.Lock()
	defer h.asking.Unlock()
	h.writeLine(h.Stdout, []byte(text))
	if hidden && screen.IsTerminal(h.Config.Stdin) {
		line, err := h.input.Hidden(h.Config.Stdin)
		h.writeLine(h.Stdout, []byte("\n"))
		return line, err
	}
	v, err := h.stdin.line()
	if err != nil || v.Kind() != value.String {
		return "", err
	}
	if screen.IsTerminal(h.Config.Stdin) {
		h.screen.Typed(v.Str())
	}
	return v.Str(), nil
}

// selectVerb is `Select the <colour> from <colours> with "Pick one:".`
func selectVerb(c *vm.Call) (value.Value, error) {
	list := c.Arg(bytecode.SlotObject)
	if c.Site.Prep == "with" {
		list = c.Arg(bytecode.SlotFrom)
	}
	if list.Kind() != value.List {
		return value.Value{}, fmt.Errorf("'select' needs a list: from <list>, got %s", list.TypeName())
	}
	items := list.List()
	var b strings.Builder
	if text := message(c); text != "" {
		b.WriteString(text + "\n")
	}
	for i, item := range items {
		fmt.Fprintf(&b, "  %d. %s\n", i+1, item.Text())
	}
	b.WriteString("Enter selection (number): ")
	h, several, none := executionOf(c).Host, strings.Contains(c.Site.Result.Raw, "multi"), value.OfString("")
	if several {
		none = value.OfList(nil)
	}
	return readInput(c, func() (value.Value, error) {
		line, err := h.ask(b.String(), false)
		if err != nil {
			return value.Value{}, err
		}
		chosen, ok := choices(line, items)
		switch {
		case !ok:
			return none, nil
		case several:
			return value.OfList(chosen), nil
		case len(chosen) == 1:
			return chosen[0], nil
		}
		return none, nil
	}, none)
}

// choices reads numbers with commas or blanks between them.
func choices(line string, items []value.Value) (chosen []value.Value, ok bool) {
	for _, word := range strings.FieldsFunc(line, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' }) {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 || n > len(items) {
			return nil, false
		}
		chosen = append(chosen, value.OfString(items[n-1].Text()))
	}
	return chosen, len(chosen) > 0
}

// clearTerminal is `Clear the <screen> for the <terminal>.`
func clearTerminal(c *vm.Call) (value.Value, error) {
	if target := c.Site.Result.Base; !executionOf(c).Host.screen.Clear(target) {
		return value.Value{}, fmt.Errorf("the terminal has no '%s' to clear; it has screen, line and cursor", target)
	}
	return value.Value{}, nil
}

func show(c *vm.Call) (value.Value, error) {
	if target := c.Site.Result.Base; target != "cursor" {
		return value.Value{}, fmt.Errorf("the terminal has no '%s' to show; it has cursor", target)
	}
	executionOf(c).Host.screen.ShowCursor()
	return value.Value{}, nil
}

// renderVerb shows a section, whose name is that of the variable. A value without a
// name is printed.
func renderVerb(c *vm.Call) (value.Value, error) {
	h := executionOf(c).Host
	if c.Has(bytecode.SlotSink) {
		h.writeLine(h.Stdout, append(appendLine(nil, c.Arg(bytecode.SlotSink), executionOf(c)), '\n'))
		return value.Value{}, nil
	}
	name := c.Site.Result.Base
	v := c.Arg(bytecode.SlotResult)
	if !v.IsBound() {
		return value.Value{}, fmt.Errorf("Undefined variable: '%s'", name)
	}
	var shown map[string]string
	if h.screen.IsTerminal() {
		shown = make(map[string]string)
		for _, l := range c.Site.Scope {
			switch x := c.Local(l); x.Kind() {
			case value.String, value.Int, value.Float, value.Bool:
				if l.Name != name {
					shown[l.Name] = string(vm.AppendOutput(nil, x))
				}
			}
		}
	}
	h.console.Lock()
	defer h.console.Unlock()
	h.screen.Render(name, v.Display(), shown)
	return value.Value{}, nil
}

func repaint(c *vm.Call) (value.Value, error) {
	h := executionOf(c).Host
	v, ok := argOr(c, bytecode.SlotSink, bytecode.SlotResult)
	if !ok || !v.IsBound() || !h.screen.IsTerminal() {
		return value.Value{}, nil
	}
	h.console.Lock()
	defer h.console.Unlock()
	h.screen.Repaint(c.Site.Result.Base, c.Site.Object.Base, string(vm.AppendOutput(nil, v)))
	return value.Value{}, nil
}

// terminalValue is <terminal>.
func (h *Host) terminalValue() value.Value {
	columns, rows := h.screen.Size()
	some, all := h.screen.Colours()
	return value.MapOf("rows", value.OfInt(int64(rows)), "columns", value.OfInt(int64(columns)),
		"height", value.OfInt(int64(rows)), "width", value.OfInt(int64(columns)),
		"supports_color", value.OfBool(some), "supports_true_color", value.OfBool(all),
		"is_tty", value.OfBool(h.screen.IsTerminal()), "encoding", value.OfString("UTF-8"))
}
