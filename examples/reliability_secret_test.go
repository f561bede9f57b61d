package examples_test

import (
	"bufio"
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"aro/examples/internal/aroproc"
)

// secretProgram does with secrets what programs do by mistake: it logs them, fails
// with them in reach, and in statements that quote them.
const secretProgram = `(Application-Start: Secrets) {
    Extract the <key> from the <env: CANARY_API_KEY>.
    Extract the <odd> from the <env: ODD_NAME>.
    Extract the <given> from the <parameter: token>.
    Log "keys ${<key>} and ${<odd>} and ${<given>}" to the <console>.
    Log "keys ${<key>}" to the <file: "own.log">.
    Start the <http-server> with { security: { machine: { keys: { one: <env: PLAIN> } }, staff: { users: "user-repository" } } }.
    Publish as <shared> <key>.
    Keepalive the <application> for the <events>.
    Return an <OK: status> for the <startup>.
}
(failing: Secrets) {
    Extract the <body> from the <request: body>.
    Extract the <word> from the <body: password>.
    Extract the <all> from the <request: headers>.
    Extract the <jar> from the <request: cookies>.
    Extract the <piece> from the <cookies: crumb>.
    Create the <mixed> with "${<word>}/${<piece>}/${<shared>}".
    Emit a <Tried: event> with { password: <word>, mixed: <mixed>, all: <all> }.
    Retrieve the <row> from the <word-repository> where id = <word> and name = <piece>.
    Extract the <x> from the <request: body.password.missing>.
    Return an <OK: status> with { body: <body>, word: <word>, all: <all>, jar: <jar>, piece: <piece>, mixed: <mixed>, x: <x> }.
}
(quoting: Secrets) {
    Extract the <word> from the <request: body.password>.
    Extract the <text> from the <request: rawBody>.
    Extract the <x> from the <word: missing>.
    Return an <OK: status> with <x>.
}
(addressing: Secrets) {
    Extract the <word> from the <request: body.password>.
    Request the <page> from "http://user:${<word>}@127.0.0.1:1/?token=${<word>}".
    Return an <OK: status> with <page>.
}
(throwing: Secrets) {
    Extract the <cookie> from the <headers: cookie>.
    Read the <file> from the <file: cookie>.
    Return an <OK: status> with <file>.
}
(machine: Secrets) {
    Extract the <sent> from the <headers: X-Key>.
    Extract the <x> from the <sent: missing>.
    Return an <OK: status> with <x>.
}
(Tried: Tried Handler) {
    Extract the <x> from the <event: mixed.missing>.
    Return an <OK: status> with <x>.
}
(A Message Comes: WebSocket Event Handler) {
    Extract the <text> from the <event: data>.
    Extract the <x> from the <event: data.missing.deeper>.
    Return an <OK: status> for the <text>.
}
`

const secretContract = `openapi: 3.0.3
info: { title: Secrets, version: "1" }
components:
  securitySchemes:
    machine: { type: apiKey, in: header, name: X-Key }
    staff: { type: http, scheme: basic }
paths:
  /failing: { post: { operationId: failing } }
  /quoting: { post: { operationId: quoting } }
  /addressing: { post: { operationId: addressing } }
  /throwing: { post: { operationId: throwing } }
  /machine: { get: { operationId: machine, security: [ { machine: [] } ] } }
  /staff: { get: { operationId: machine2, security: [ { staff: [] } ] } }
`

// TestF06: what is a secret by its name, or was marked as one, is in nothing that an
// application writes: answers to failures, log, inspector, recording, dump.
func TestF06_Secrets(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			dir, work := t.TempDir(), t.TempDir()
			contract := strings.Replace(secretContract, "machine2", "quoting2", 1)
			program := secretProgram + "(quoting2: Secrets) { Return an <OK: status> with { a: 1 }. }\n"
			for name, text := range map[string]string{"main.aro": program, "openapi.yaml": contract} {
				must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
			}
			p := aroproc.Start(t, aro, dir, aroproc.Options{Ready: "http", Dir: work, Dirty: true,
				Env:  []string{"CANARY_API_KEY=canary-of-the+environment/1", "ODD_NAME=canary-that-was-listed", "PLAIN=canary-key-of-the-server", "ARO_SECRETS=OTHER, ODD_NAME"},
				Args: []string{"--verbose", "--inspect", "--record", "events.json", "--log-requests", "--log-format", format, "--token", "canary-parameter"}})
			var answers strings.Builder
			ask := func(method, path string, header map[string]string, body string) {
				req, err := http.NewRequest(method, "http://"+p.HTTP+path, strings.NewReader(body))
				must(t, err)
				req.Header.Set("Cookie", "crumb=canary-in-a-cookie; other=canary-in-another")
				req.Header.Set("Authorization", "Bearer canary-of-the-bearer")
				req.Header.Set("X-Api-Key", "canary-in-a-header")
				req.Header.Set("Content-Type", "application/json")
				for name, v := range header {
					req.Header.Set(name, v)
				}
				a := do(t, req)
				if a.code < 400 {
					t.Errorf("%s: %v", path, a)
				}
				answers.WriteString(a.String() + "\n")
			}
			body := `{"name": "ada", "password": "canary-password", "deep": [{"refreshToken": "canary-deep"}]}`
			for _, path := range []string{"/failing", "/quoting", "/addressing", "/throwing"} {
				ask("POST", path+"?access_token=canary-in-the-query", nil, body)
			}
			ask("GET", "/machine", map[string]string{"X-Key": "canary-key-of-the-server"}, "")
			ask("GET", "/machine", map[string]string{"X-Key": "canary-wrong"}, "")
			ask("GET", "/staff", map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("ada:canary-basic"))}, "")
			c, _ := handshake(t, p, "/ws", "")
			c.Write(masked(`{"user": "ada", "password": "canary-in-a-message"}`))
			p.Complains("deeper")

			inspector := address(t, p, "Inspector")
			feed, err := http.Get(inspector + "/events")
			must(t, err)
			state, err := bufio.NewReader(feed.Body).ReadString('\n') // a snapshot is a line
			must(t, err)
			feed.Body.Close()
			if !strings.Contains(state, "Cannot ") {
				t.Errorf("the inspector shows no failures: %s", state)
			}
			if n := strings.Count(p.Stderr(), "Cannot "); n < 6 {
				t.Errorf("%d failures in the log", n)
			}
			p.Signal(syscall.SIGTERM)
			p.Wait()
			recording, err := os.ReadFile(filepath.Join(work, "events.json"))
			must(t, err)
			own, err := os.ReadFile(filepath.Join(work, "own.log"))
			must(t, err)
			if !strings.Contains(string(recording), "Tried") || !strings.Contains(string(own), "•••") || !strings.Contains(p.Stdout(), "keys ••• and ••• and •••") {
				t.Errorf("the recording, or what the program logs, is not there: %s\n%s\n%s", recording, own, p.Stdout())
			}
			for what, text := range map[string]string{"the answers": answers.String(), "stdout": p.Stdout(), "stderr": p.Stderr(),
				"the inspector": state, "the recording": string(recording), "the program's log file": string(own)} {
				for line := range strings.Lines(strings.ToLower(text)) {
					if at := strings.Index(strings.ReplaceAll(line, "canary_api_key", ""), "canary"); at >= 0 {
						t.Errorf("%s: a secret in %q", what, line)
					}
				}
			}
		})
	}
}

func address(t *testing.T, p *aroproc.Process, word string) string {
	t.Helper()
	p.Complains(word + ": http://")
	_, rest, _ := strings.Cut(p.Stderr(), word+": ")
	return strings.TrimRight(strings.Fields(rest)[0], "/")
}

// masked is a text frame of a client.
func masked(text string) []byte {
	frame := []byte{0x81, 0x80 | byte(len(text)), 0, 0, 0, 0}
	return append(frame, text...)
}
