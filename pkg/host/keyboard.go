package host

import (
	"os"
	"sync"
	"unicode/utf8"

	"aro/pkg/vm/value"
)

// keyboard reads single keys from a terminal (02 §8.7).
type keyboard struct {
	mu      sync.Mutex
	restore func() // sets the terminal back; nil while nobody listens
	gone    func()
}

// ListenKeyboard starts reading keys, which KeyPress handlers get. It does nothing
// if it runs already, or if the input is no terminal.
func (h *Host) ListenKeyboard() {
	k := &h.keyboard
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.restore != nil || h.IsStopping() {
		return
	}
	in, ok := h.Stdin.(*os.File)
	if !ok {
		return // no terminal
	}
	restore, err := rawKeys(in)
	if err != nil {
		return
	}
	k.restore, k.gone = restore, h.Source()
	h.OnDrain(k.stop)
	go h.readKeys()
}

// stop ends the reading and gives the terminal back as it was.
func (k *keyboard) stop() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.restore != nil {
		k.restore()
		k.gone()
		k.restore = nil
	}
}

// readKeys runs the handlers of one key after the other. What is typed meanwhile
// waits in the terminal.
func (h *Host) readKeys() {
	var buf [256]byte
	n := 0
	for {
		m, err := h.Stdin.Read(buf[n:])
		if err != nil || h.IsStopping() {
			h.keyboard.stop()
			return
		}
		keys, used := parseKeys(buf[:n+m])
		n = copy(buf[:], buf[used:n+m])
		if n == len(buf) {
			n = 0 // no key is that long
		}
		for _, key := range keys {
			h.Deliver(h.program().keys, keyPress(key))
		}
	}
}

// keyPress is the Trigger of KeyPress handlers.
type keyPress string

// Entry implements Trigger.
func (k keyPress) Entry(name string) value.Value {
	switch name {
	case "event":
		return value.MapOf("key", value.OfString(string(k)))
	case "key":
		return value.OfString(string(k))
	}
	return value.Value{}
}

// Field implements Trigger.
func (k keyPress) Field(name string) value.Value {
	if name == "key" {
		return value.OfString(string(k))
	}
	return value.Value{}
}

var keyNames = map[byte]string{'\r': "enter", '\n': "enter", '\t': "tab", 0x7f: "backspace", 0x08: "backspace"}

var arrowNames = map[byte]string{'A': "up", 'B': "down", 'C': "right", 'D': "left"}

// parseKeys reads what a terminal sends. The bytes behind used are the beginning of
// a key. Keys without a name are left out.
func parseKeys(b []byte) (keys []string, used int) {
	for used < len(b) {
		c := b[used]
		if c == 0x1b {
			name, n := parseEscape(b[used:])
			if n == 0 {
				return keys, used
			}
			used += n
			if name != "" {
				keys = append(keys, name)
			}
			continue
		}
		if name := keyNames[c]; name != "" || c < ' ' {
			used++
			if name != "" {
				keys = append(keys, name)
			}
			continue
		}
		if !utf8.FullRune(b[used:]) {
			return keys, used
		}
		r, n := utf8.DecodeRune(b[used:])
		used += n
		if r != utf8.RuneError {
			keys = append(keys, string(r))
		}
	}
	return keys, used
}

// parseEscape reads a sequence that starts with ESC: an arrow key, one without a
// name, or the key itself. It returns 0 for an unfinished sequence.
func parseEscape(b []byte) (name string, n int) {
	if len(b) == 1 || b[1] != '[' && b[1] != 'O' {
		return "escape", 1
	}
	for i := 2; i < len(b); i++ {
		if b[i] >= 0x40 && b[i] <= 0x7e {
			return arrowNames[b[i]], i + 1
		}
	}
	return "", 0
}

// rawKeys makes a terminal give each key at once and show none. Interrupting with
// the keyboard and line ends on output stay as they are.
func rawKeys(f *os.File) (restore func(), err error) {
	old, err := terminalState(f)
	if err != nil {
		return nil, err
	}
	raw := old.withoutLines()
	if err := raw.set(f); err != nil {
		return nil, err
	}
	return func() { old.set(f) }, nil
}
