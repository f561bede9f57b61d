package examples_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"aro/examples/internal/aroproc"
)

// What docs/deploying.md gives to copy is tried with the programs that it is for.

// deploying returns the only block of a kind on that page that contains a text.
func deploying(t *testing.T, kind, text string) string {
	t.Helper()
	page, err := os.ReadFile("../docs/deploying.md")
	must(t, err)
	var found []string
	for i, part := range strings.Split(string(page), "\n```") {
		if k, body, _ := strings.Cut(part, "\n"); i%2 == 1 && k == kind && strings.Contains(body, text) {
			found = append(found, body+"\n")
		}
	}
	if len(found) != 1 {
		t.Fatalf("docs/deploying.md has %d %s blocks with %q", len(found), kind, text)
	}
	return found[0]
}

// replaced is a text in which each of some words, which must be there, is another one.
func replaced(t *testing.T, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("%q is not in\n%s", pairs[i], text)
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	return text
}

func written(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	must(t, os.WriteFile(file, []byte(text), 0o644))
	return file
}

// TestDeployingUnits: systemd takes the units as they stand, but for the path of the
// executable, which must exist.
func TestDeployingUnits(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("needs systemd-analyze: install the package systemd")
	}
	dir := t.TempDir()
	service := written(t, dir, "shop.service", replaced(t, deploying(t, "ini", "[Service]"), "/usr/local/bin/shop", aro))
	socket := written(t, dir, "shop.socket", deploying(t, "ini", "[Socket]"))
	out, err := exec.Command(path, "verify", service, socket).CombinedOutput()
	if err != nil || strings.Contains(string(out), dir) {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

// TestDeployingNginx: pages, the address of the client and WebSockets arrive through
// nginx.
func TestDeployingNginx(t *testing.T) {
	t.Parallel()
	nginx := tool(t, "nginx", "install the package nginx-light")
	p := aroproc.Start(t, aro, "statuspost", aroproc.Options{Ready: "http"})
	dir := t.TempDir()
	address := fmt.Sprintf("127.0.0.1:%d", aroproc.FreePort(t))
	var paths strings.Builder
	for _, name := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&paths, "%s_temp_path %s;\n", name, filepath.Join(dir, name))
	}
	// One process, which ends with the test.
	config := written(t, dir, "nginx.conf", fmt.Sprintf("daemon off;\nmaster_process off;\npid %s/pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n%sserver {\nlisten %s;\n%s}\n}\n",
		dir, paths.String(), address, replaced(t, deploying(t, "nginx", "location"), "127.0.0.1:8080", p.HTTP)))
	startTool(t, address, nginx, "-c", config, "-p", dir)
	behindProxy(t, address)
}

// TestDeployingCaddy: the same through Caddy.
func TestDeployingCaddy(t *testing.T) {
	t.Parallel()
	caddy := tool(t, "caddy", "install the package caddy")
	p := aroproc.Start(t, aro, "statuspost", aroproc.Options{Ready: "http"})
	address := fmt.Sprintf("127.0.0.1:%d", aroproc.FreePort(t))
	dir := t.TempDir()
	config := written(t, dir, "Caddyfile", "{\nadmin off\nauto_https off\n}\n"+
		replaced(t, deploying(t, "text", "reverse_proxy"), "www.example.org", "http://"+address, "127.0.0.1:8080", p.HTTP))
	startTool(t, address, "env", "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir, caddy, "run", "--adapter", "caddyfile", "--config", config)
	behindProxy(t, address)
}

// behindProxy uses the message board as a browser does that knows it by the address of
// a proxy: a page, a form, and a WebSocket that hears of it.
func behindProxy(t *testing.T, address string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), aroproc.Patience)
	defer cancel()
	origin := http.Header{"Origin": {"http://" + address}}
	ws, r, err := websocket.Dial(ctx, "ws://"+address+"/ws", &websocket.DialOptions{HTTPHeader: origin})
	if err != nil {
		t.Fatalf("the WebSocket: %v, %v", err, r)
	}
	defer ws.CloseNow()
	req, err := http.NewRequestWithContext(ctx, "POST", "http://"+address+"/messages", strings.NewReader("message=through+the+proxy"))
	must(t, err)
	req.Header = http.Header{"Origin": origin["Origin"], "Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"same-origin"}}
	answer, err := http.DefaultClient.Do(req)
	must(t, err)
	answer.Body.Close()
	if answer.StatusCode >= 300 {
		t.Errorf("the message is answered with %s", answer.Status)
	}
	for {
		_, text, err := ws.Read(ctx)
		if err != nil {
			t.Fatalf("the WebSocket hears nothing of the message: %v", err)
		}
		if strings.Contains(string(text), "through the proxy") {
			break
		}
	}
	page, err := http.Get("http://" + address + "/")
	must(t, err)
	defer page.Body.Close()
	if page.StatusCode != 200 {
		t.Errorf("the page is answered with %s", page.Status)
	}
}

// TestDeployingContainer: what aro build --docker writes is the file of the page, and
// docker, where one runs, builds it.
func TestDeployingContainer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, os.CopyFS(filepath.Join(dir, "shop"), os.DirFS("statuspost")))
	if stdout, stderr, code := aroproc.RunIn(t, dir, aro, "build", "shop", "--docker"); code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	file, err := os.ReadFile(filepath.Join(dir, "shop", "Dockerfile"))
	must(t, err)
	if page := deploying(t, "dockerfile", "FROM scratch"); string(file) != page {
		t.Errorf("the Dockerfile of the page is\n%sand that of aro build\n%s", page, file)
	}
	if exec.Command("docker", "info").Run() != nil {
		t.Skip("needs a docker that runs, for the image")
	}
	tag := fmt.Sprintf("aro-test-%d", os.Getpid())
	runTool(t, "", "docker", "build", "-q", "-t", tag, filepath.Join(dir, "shop"))
	defer exec.Command("docker", "rmi", "-f", tag).Run()
}
