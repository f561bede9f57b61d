package plugin

import (
	"bufio"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"aro/pkg/vm/value"
)

//go:embed driver.py
var driver string

// callTime bounds one call of a plugin.
const callTime = 30 * time.Second

// maxAnswer bounds what a plugin may answer.
const maxAnswer = 256 << 20

// process is the Python process of a plugin. It is started by the first call and
// answers one call after the other.
type process struct {
	mu  sync.Mutex
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	ids int64
}

// describe asks the plugin what it offers.
func (p *Plugin) describe() error {
	raw, err := p.call("info", "", "")
	if err != nil {
		return err
	}
	p.Info, err = parseInfo(raw)
	return err
}

// call runs a function of the plugin with JSON and returns its JSON.
func (p *Plugin) call(kind, name, input string) (string, error) {
	s := &p.process
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		if err := p.start(); err != nil {
			return "", err
		}
	}
	s.ids++
	request := value.MapOf("id", value.OfInt(s.ids), "call", value.OfString(kind), "name", value.OfString(name), "input", value.OfString(input))
	type reply struct {
		line string
		err  error
	}
	done := make(chan reply, 1)
	in, out := s.in, s.out
	go func() {
		_, err := in.Write(append(request.AppendJSON(nil), '\n'))
		line := ""
		if err == nil {
			line, err = readLine(out)
		}
		done <- reply{line, err}
	}()
	timer := time.NewTimer(callTime)
	defer timer.Stop()
	select {
	case r := <-done:
		if r.err != nil {
			s.kill()
			return "", errors.New("its Python process ended; see above for what it printed")
		}
		return answer(r.line, s.ids)
	case <-timer.C:
		s.kill()
		return "", fmt.Errorf("Timeout: it did not answer within %v", callTime)
	}
}

func answer(line string, id int64) (string, error) {
	v, err := value.ParseJSON(line)
	if err != nil {
		return "", errors.New("its Python process answers with something else than JSON")
	}
	if got, _ := v.Property("id"); got.Kind() != value.Int || got.Int() != id {
		return "", errors.New("its Python process answers another call")
	}
	if e, ok := v.Property("error"); ok {
		return "", errors.New(e.Text())
	}
	output, _ := v.Property("output")
	return output.Text(), nil
}

func readLine(r *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		part, err := r.ReadSlice('\n')
		b.Write(part)
		switch {
		case err == nil:
			return b.String(), nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return "", err
		case b.Len() > maxAnswer:
			return "", errors.New("too long")
		}
	}
}

// start starts the process. Standard error is the program's own.
func (p *Plugin) start() error {
	python, err := exec.LookPath("python3")
	if err != nil {
		return errors.New("python3 is not installed, or not in PATH")
	}
	module, err := filepath.Abs(filepath.Join(p.dir, filepath.FromSlash(p.python)))
	if err != nil {
		return err
	}
	if _, err := os.Stat(module); err != nil {
		return fmt.Errorf("its files are missing: %s", module)
	}
	most, err := memory(os.Getenv("ARO_PLUGIN_MEMORY"))
	if err != nil {
		return err
	}
	cmd := exec.Command(python, "-c", driver, module, strconv.FormatInt(most, 10))
	// No __pycache__ in the application's folder.
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "PYTHONIOENCODING=utf-8")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s := &p.process
	s.cmd, s.in, s.out = cmd, in, bufio.NewReaderSize(out, 64<<10)
	return nil
}

// defaultMemory is what the process of a plugin may take (05 B06).
const defaultMemory = 1 << 30

// memory reads ARO_PLUGIN_MEMORY, a size such as 256MiB; 0 is no limit.
func memory(text string) (int64, error) {
	if text == "" {
		return defaultMemory, nil
	}
	for _, unit := range []struct {
		name  string
		shift int
	}{{"GiB", 30}, {"MiB", 20}, {"KiB", 10}, {"", 0}} {
		digits, ok := strings.CutSuffix(text, unit.name)
		if !ok {
			continue
		}
		if n, err := strconv.ParseInt(digits, 10, 64); err == nil && n >= 0 && n <= 1<<62>>unit.shift {
			return n << unit.shift, nil
		}
		break
	}
	return 0, fmt.Errorf("ARO_PLUGIN_MEMORY is a size such as 256MiB, or 0 for no limit, and not %q", text)
}

// kill ends the process at once; the next call starts another one.
func (s *process) kill() {
	s.cmd.Process.Kill()
	s.in.Close()
	cmd := s.cmd
	s.cmd = nil
	go cmd.Wait()
}

// Close lets the process end, and kills it at the deadline.
func (p *Plugin) Close(deadline time.Time) {
	s := &p.process
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return
	}
	s.in.Close()
	running := s.cmd.Process
	late := time.AfterFunc(time.Until(deadline), func() { running.Kill() })
	s.cmd.Wait()
	late.Stop()
	s.cmd = nil
}
