// Package cdp drives a headless Chromium over the DevTools protocol, as far as
// the tests need it.
package cdp

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Browser is a running Chromium with a fresh profile.
type Browser struct {
	cmd     *exec.Cmd
	profile string
	conn    *websocket.Conn
	ctx     context.Context
	cancel  context.CancelFunc

	mu      sync.Mutex
	lastID  int
	replies map[int]chan reply
	pages   map[string]*Page // by session
	err     error
}

type reply struct {
	Result json.RawMessage
	Error  *struct{ Message string }
}

// Find returns the Chromium to use: $CHROMIUM, or chromium in PATH.
func Find() (string, error) {
	if bin := os.Getenv("CHROMIUM"); bin != "" {
		return bin, nil
	}
	return exec.LookPath("chromium")
}

// Launch starts the browser.
func Launch(bin string) (*Browser, error) {
	profile, err := os.MkdirTemp("", "aro-chromium-")
	if err != nil {
		return nil, err
	}
	b := &Browser{profile: profile, replies: map[int]chan reply{}, pages: map[string]*Page{}}
	b.cmd = exec.Command(bin, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
		"--lang=en-GB", "--remote-debugging-port=0", "--user-data-dir="+profile, "about:blank")
	if err := b.cmd.Start(); err != nil {
		os.RemoveAll(profile)
		return nil, err
	}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	url, err := b.endpoint()
	if err == nil {
		b.conn, _, err = websocket.Dial(b.ctx, url, nil)
	}
	if err != nil {
		b.Close()
		return nil, err
	}
	b.conn.SetReadLimit(64 << 20)
	go b.read()
	return b, nil
}

// endpoint waits for the file in which the browser tells its port.
func (b *Browser) endpoint() (string, error) {
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		data, err := os.ReadFile(filepath.Join(b.profile, "DevToolsActivePort"))
		if err != nil {
			continue
		}
		if port, path, ok := strings.Cut(strings.TrimSpace(string(data)), "\n"); ok && path != "" {
			return "ws://127.0.0.1:" + port + path, nil
		}
	}
	return "", errors.New("the browser did not tell its port")
}

// Close ends the browser and removes its profile.
func (b *Browser) Close() {
	if b.conn != nil {
		b.call("", "Browser.close", nil)
		b.conn.CloseNow()
	}
	b.cancel()
	exited := make(chan struct{})
	go func() { b.cmd.Wait(); close(exited) }()
	select {
	case <-exited:
	case <-time.After(5 * time.Second):
		b.cmd.Process.Kill()
		<-exited
	}
	os.RemoveAll(b.profile)
}

func (b *Browser) read() {
	for {
		_, data, err := b.conn.Read(b.ctx)
		var m struct {
			ID        int
			Method    string
			SessionID string
			Params    json.RawMessage
			reply
		}
		if err == nil {
			err = json.Unmarshal(data, &m)
		}
		b.mu.Lock()
		if err != nil {
			b.err = err
			for _, ch := range b.replies {
				close(ch)
			}
			b.replies = nil
			b.mu.Unlock()
			return
		}
		if ch := b.replies[m.ID]; ch != nil && m.Method == "" {
			delete(b.replies, m.ID)
			ch <- m.reply
		} else if p := b.pages[m.SessionID]; p != nil {
			p.event(m.Method, m.Params)
		}
		b.mu.Unlock()
	}
}

func (b *Browser) call(session, method string, params any) (json.RawMessage, error) {
	b.mu.Lock()
	if b.replies == nil {
		b.mu.Unlock()
		return nil, b.err
	}
	b.lastID++
	id, ch := b.lastID, make(chan reply, 1)
	b.replies[id] = ch
	b.mu.Unlock()
	msg := map[string]any{"id": id, "method": method}
	if session != "" {
		msg["sessionId"] = session
	}
	if params != nil {
		msg["params"] = params
	}
	data, err := json.Marshal(msg)
	if err == nil {
		err = b.conn.Write(b.ctx, websocket.MessageText, data)
	}
	if err != nil {
		return nil, err
	}
	select {
	case r, ok := <-ch:
		if !ok {
			return nil, fmt.Errorf("%s: the browser is gone: %w", method, b.err)
		}
		if r.Error != nil {
			return nil, fmt.Errorf("%s: %s", method, r.Error.Message)
		}
		return r.Result, nil
	case <-time.After(30 * time.Second):
		return nil, fmt.Errorf("%s: no answer", method)
	}
}

// Page is one window.
type Page struct {
	b       *Browser
	session string

	mu       sync.Mutex
	problems []string // dialogs and uncaught exceptions
	errors   []string // what the console shows in red
}

// Open opens a window of its own on url.
func (b *Browser) Open(url string) (*Page, error) {
	var target struct{ TargetID string }
	if err := b.get(&target, "Target.createTarget", map[string]any{"url": "about:blank", "newWindow": true}); err != nil {
		return nil, err
	}
	var attached struct{ SessionID string }
	if err := b.get(&attached, "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}); err != nil {
		return nil, err
	}
	p := &Page{b: b, session: attached.SessionID}
	b.mu.Lock()
	b.pages[p.session] = p
	b.mu.Unlock()
	for _, method := range []string{"Page.enable", "Runtime.enable", "Log.enable"} {
		if _, err := p.call(method, nil); err != nil {
			return nil, err
		}
	}
	return p, p.Go(url)
}

func (b *Browser) get(out any, method string, params any) error {
	data, err := b.call("", method, params)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, out)
}

func (p *Page) call(method string, params any) (json.RawMessage, error) {
	return p.b.call(p.session, method, params)
}

func (p *Page) event(method string, params json.RawMessage) {
	switch method {
	case "Page.javascriptDialogOpening":
		go p.call("Page.handleJavaScriptDialog", map[string]any{"accept": true})
	case "Runtime.exceptionThrown":
	case "Log.entryAdded", "Runtime.consoleAPICalled":
		var e struct {
			Type  string
			Entry struct{ Level string }
		}
		if json.Unmarshal(params, &e); e.Type == "error" || e.Type == "assert" || e.Entry.Level == "error" {
			p.mu.Lock()
			p.errors = append(p.errors, method+" "+string(params))
			p.mu.Unlock()
		}
		return
	default:
		return
	}
	p.mu.Lock()
	p.problems = append(p.problems, method+" "+string(params))
	p.mu.Unlock()
}

// Problems lists dialogs that opened and exceptions nobody caught.
func (p *Page) Problems() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.problems...)
}

// Errors lists what the console of the page shows as errors: Problems, resources that
// were not loaded or not allowed, and what scripts report themselves.
func (p *Page) Errors() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append(append([]string(nil), p.problems...), p.errors...)
}

// Go loads url and waits until its scripts have run.
func (p *Page) Go(url string) error {
	data, err := p.call("Page.navigate", map[string]any{"url": url})
	if err != nil {
		return err
	}
	var r struct{ ErrorText string }
	if json.Unmarshal(data, &r); r.ErrorText != "" {
		return fmt.Errorf("%s: %s", url, r.ErrorText)
	}
	return p.Until(`location.href !== "about:blank" && document.readyState === "complete"`)
}

// Reload loads the page again.
func (p *Page) Reload() error {
	if err := p.Eval(nil, `window.stale = true`); err != nil {
		return err
	}
	if _, err := p.call("Page.reload", nil); err != nil {
		return err
	}
	return p.Until(`!window.stale && document.readyState === "complete"`)
}

// Eval evaluates an expression, waits for it if it is a promise, and decodes its
// value into out unless that is nil.
func (p *Page) Eval(out any, js string) error {
	data, err := p.call("Runtime.evaluate", map[string]any{"expression": js, "awaitPromise": true, "returnByValue": true, "userGesture": true})
	if err != nil {
		return err
	}
	var r struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return err
	}
	if e := r.ExceptionDetails; e != nil {
		return fmt.Errorf("%s: %s %s", js, e.Text, e.Exception.Description)
	}
	if out == nil || r.Result.Value == nil {
		return nil
	}
	return json.Unmarshal(r.Result.Value, out)
}

// Until waits until the expression is true.
func (p *Page) Until(js string) error {
	var ok bool
	var err error
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if err = p.Eval(&ok, js); err == nil && ok {
			return nil
		}
	}
	return fmt.Errorf("never true: %s (%v)", js, err)
}

// Type puts the focus on an element and types text as the keyboard would.
func (p *Page) Type(selector, text string) error {
	if err := p.Eval(nil, fmt.Sprintf(`document.querySelector(%q).focus()`, selector)); err != nil {
		return err
	}
	_, err := p.call("Input.insertText", map[string]any{"text": text})
	return err
}

// Size sets the size of the window in CSS pixels.
func (p *Page) Size(width, height int, mobile bool) error {
	_, err := p.call("Emulation.setDeviceMetricsOverride", map[string]any{
		"width": width, "height": height, "deviceScaleFactor": 2, "mobile": mobile})
	return err
}

// Dark asks the page for its dark colours.
func (p *Page) Dark() error {
	_, err := p.call("Emulation.setEmulatedMedia", map[string]any{
		"features": []map[string]string{{"name": "prefers-color-scheme", "value": "dark"}}})
	return err
}

// Screenshot writes a picture of the window as PNG.
func (p *Page) Screenshot(file string) error {
	data, err := p.call("Page.captureScreenshot", map[string]any{"format": "png"})
	if err != nil {
		return err
	}
	var r struct{ Data string }
	if err := json.Unmarshal(data, &r); err != nil {
		return err
	}
	png, err := base64.StdEncoding.DecodeString(r.Data)
	if err != nil {
		return err
	}
	return os.WriteFile(file, png, 0o644)
}

// BeforeLoad runs js in every document before its own scripts.
func (p *Page) BeforeLoad(js string) error {
	_, err := p.call("Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": js})
	return err
}
