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

// styles are the filters of templates that style text on a terminal, and the
// codes that they put in front of it.
var styles = map[string]string{"bold": "1", "dim": "2", "italic": "3", "underline": "4", "strikethrough": "9"}

var colourCodes = map[string]int{"black": 0, "red": 1, "green": 2, "yellow": 3, "blue": 4, "magenta": 5, "cyan": 6, "white": 7, "gray": 60, "grey": 60}

// linkStyle resolves a filter that styles text; nil for other filters. Where
// nothing shows colours the text stays as it is.
func linkStyle(h *Host, name, arg string) vm.Func {
	code := styles[name]
	some, all := h.screen.Colours()
	switch name {
	case "color":
		code = colourCode(arg, 30, all)
	case "bg":
		code = colourCode(arg, 40, all)
	case "rows":
		return func(c *vm.Call) (value.Value, error) {
			_, rows := h.screen.Size()
			return value.OfString(exactRows(c.Arg(bytecode.SlotObject).Text(), rowCount(arg, rows))), nil
		}
	default:
		if code == "" {
			return nil
		}
	}
	return func(c *vm.Call) (value.Value, error) {
		v := c.Arg(bytecode.SlotObject)
		if !some || code == "" || !v.IsBound() {
			return v, nil
		}
		return value.OfString("\x1b[" + code + "m" + string(vm.AppendPlain(nil, v)) + "\x1b[0m").Styled(), nil
	}
}

// colourCode is the code of a colour: a name, bright- and a name, or #rrggbb; ""
// for other words. base is 30 for text and 40 for its ground.
func colourCode(name string, base int, all bool) string {
	name = strings.ToLower(name)
	if hex, ok := strings.CutPrefix(name, "#"); ok {
		n, err := strconv.ParseUint(hex, 16, 24)
		if err != nil || len(hex) != 6 || !all {
			return ""
		}
		return fmt.Sprintf("%d;2;%d;%d;%d", base+8, n>>16, n>>8&0xff, n&0xff)
	}
	plain, bright := strings.CutPrefix(strings.ReplaceAll(name, "_", "-"), "bright-")
	n, ok := colourCodes[plain]
	if !ok {
		return ""
	}
	if bright && n < 60 {
		n += 60
	}
	return strconv.Itoa(base + n)
}

// rowCount reads "full", "full-2", "half" or a number.
func rowCount(arg string, rows int) int {
	arg, less, _ := strings.Cut(arg, "-")
	n, err := strconv.Atoi(arg)
	switch {
	case arg == "full" || arg == "":
		n = rows
	case arg == "half":
		n = rows / 2
	case err != nil:
		return -1
	}
	if m, err := strconv.Atoi(less); err == nil {
		n -= m
	}
	return max(n, 1)
}

// exactRows pads or cuts text to n lines; n < 0 leaves it as it is.
func exactRows(text string, n int) string {
	if n < 0 {
		return text
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for len(lines) < n {
		lines = append(lines, "")
	}
	return strings.Join(lines[:n], "\n")
}

// newScreen makes the host's screen out of its standard output, and lets
// everything that is written to it move the screen's cursor.
func (h *Host) newScreen() {
	h.screen = screen.New(h.Stdout)
	if h.screen.IsTerminal() {
		h.Stderr = h.screen.Beside(h.Stderr)
		h.Stdout = h.screen
	}
	h.OnDrain(h.input.Restore)
}
