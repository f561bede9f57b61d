//go:build !runtime

package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// commandHelp is what :help prints.
func commandHelp() string {
	var b strings.Builder
	b.WriteString("A statement runs at once, an expression shows its value and type. An entry goes on over\nseveral lines until it is whole; an empty line ends it as it is.\n\n")
	for _, c := range commands() {
		fmt.Fprintf(&b, "  %-20s %s\n", c.name+" "+c.argument, c.does)
	}
	return b.String()
}

// complete offers what may stand at the cursor: commands behind a colon, names
// behind a bracket, verbs at the beginning of a statement.
func (r *repl) complete(line string, at int) (start int, words []string) {
	start = at
	for start > 0 && wordByte(line[start-1]) {
		start--
	}
	typed, before := line[start:at], strings.TrimSpace(line[:start])
	switch {
	case strings.HasPrefix(line, ":") && !strings.Contains(line[:at], " "):
		start, typed = 0, line[:at]
		for _, c := range commands() {
			words = append(words, c.name)
		}
	case strings.HasSuffix(before, "<"):
		words = r.visibleNames()
	case before == "" || strings.HasSuffix(before, ".") || strings.HasSuffix(before, "{") || before == ":disasm":
		if typed == "" {
			return start, nil
		}
		for _, v := range r.verbs {
			if !strings.HasPrefix(v.Name, "(") {
				for _, name := range append([]string{v.Name}, v.Aliases...) {
					words = append(words, strings.ToUpper(name[:1])+name[1:])
				}
			}
		}
	case before == ":type":
		words = r.visibleNames()
	}
	words = slices.DeleteFunc(words, func(w string) bool { return len(w) < len(typed) || !strings.EqualFold(w[:len(typed)], typed) })
	slices.Sort(words)
	return start, slices.Compact(words)
}

// visibleNames are the names that are bound and the repositories that were used.
func (r *repl) visibleNames() []string {
	return append(slices.Collect(maps.Keys(r.host.Names())), r.rows.Names()...)
}

func wordByte(b byte) bool {
	return b == '-' || b == '_' || b >= '0' && b <= '9' || b|0x20 >= 'a' && b|0x20 <= 'z' || b >= 0x80
}

// historyFile is where the lines of earlier sessions are: in the folder for the state
// of programs, which on systems without one is that of their settings. It is "" where
// there is neither.
func historyFile() string {
	folder := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(folder) {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		folder = filepath.Join(home, ".local", "state")
		if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
			if folder, err = os.UserConfigDir(); err != nil {
				return ""
			}
		}
	}
	return filepath.Join(folder, "aro", "history")
}

// maxHistory is the number of lines that are kept.
const maxHistory = 1000

// readHistory returns the last lines, the oldest first, and shortens a file that has
// grown to twice as many. A history that cannot be read is an empty one.
func readHistory(path string) []string {
	text, err := os.ReadFile(path)
	if err != nil || len(text) == 0 {
		return nil
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if len(lines) > 2*maxHistory {
		os.WriteFile(path, []byte(strings.Join(lines[len(lines)-maxHistory:], "\n")+"\n"), 0o600)
	}
	return lines[max(0, len(lines)-maxHistory):]
}

// appendHistory adds a line, which may hold a secret: the file is for its owner only.
// That it cannot be written is no reason to disturb the session.
func appendHistory(path, line string) {
	if path == "" {
		return
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	defer f.Close()
	f.WriteString(line + "\n")
}
