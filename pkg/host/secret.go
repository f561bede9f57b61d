package host

import (
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// secrets are texts that this process must not write into its log, failures and
// recordings (05 F06): what the program read of environment variables and parameters
// with the name of a secret, and the keys of its http-server. There are few of them.
type secrets struct {
	mu   sync.Mutex
	list atomic.Pointer[[]string]
}

// Conceal makes a text a secret. One of fewer than value.LeastSecret characters is
// not looked for.
func (h *Host) Conceal(text string) {
	h.secrets.mu.Lock()
	defer h.secrets.mu.Unlock()
	old := h.secrets.all()
	if list := value.AppendSecret(slices.Clone(old), text); len(list) > len(old) {
		h.secrets.list.Store(&list)
	}
}

func (s *secrets) all() []string {
	if list := s.list.Load(); list != nil {
		return *list
	}
	return nil
}

// concealed is a line of the log without secrets.
func (h *Host) concealed(line []byte) []byte {
	list := h.secrets.all()
	if list == nil {
		return line
	}
	if text := string(line); value.Conceal(text, list) != text {
		return []byte(value.Conceal(text, list))
	}
	return line
}

// Confidential is a Trigger that brings secrets along: passwords, tokens, cookies.
type Confidential interface{ Secrets() []string }

// Secrets implements vm.Confidant.
func (h *Host) Secrets(co *vm.Coroutine) []string {
	list := slices.Clone(h.secrets.all())
	e := co.Owner.(*Execution)
	for ; e != nil; e = e.parent {
		switch t := e.Trigger.(type) {
		case Confidential:
			list = append(list, t.Secrets()...)
		case Payload:
			list = value.SecretsIn(list, "", t.Event)
		}
	}
	return list
}

// concealEnvironment notes an environment variable that the program reads, if it is a
// secret: by its name, or because ARO_SECRETS lists it.
func (h *Host) concealEnvironment(name, v string) {
	if isSecretVariable(name) {
		h.Conceal(v)
	}
}

func isSecretVariable(name string) bool {
	if value.IsSecretName(name) {
		return true
	}
	upper := strings.ToUpper(name)
	for _, end := range [...]string{"KEY", "_PASS", "_PWD", "_DSN", "DATABASE_URL", "CONNECTION_STRING"} {
		if strings.HasSuffix(upper, end) {
			return true
		}
	}
	for listed := range strings.SplitSeq(os.Getenv("ARO_SECRETS"), ",") {
		if strings.TrimSpace(listed) == name {
			return true
		}
	}
	return false
}

// concealParameters notes the parameters of the command line that are secrets.
func (h *Host) concealParameters() {
	rec := h.Parameters.Record()
	if rec == nil {
		return
	}
	for i := range rec.Len() {
		name, v := rec.At(i)
		if v.Kind() == value.String {
			h.concealEnvironment(name, v.Str())
		}
	}
}
