package value

import (
	"slices"
	"strings"
	"testing"
)

// TestSecretNames: which names hide what they stand for.
func TestSecretNames(t *testing.T) {
	for _, name := range []string{"password", "newPassword", "user_password", "X-Api-Key", "api key", "accessToken", "Set-Cookie", "Authorization",
		"client-secret", "session", "SESSION_ID", "pin", "pass", "PWD", "db.passwd"} {
		if !IsSecretName(name) {
			t.Errorf("%q is no secret", name)
		}
	}
	for _, name := range []string{"", "name", "key", "keyboard", "compass", "author", "passenger", "spinner", "sessions", "id", "monkey"} {
		if IsSecretName(name) {
			t.Errorf("%q is a secret", name)
		}
	}
}

// TestRedact: what stands under the name of a secret is hidden, however deep, and so
// is a secret that is known where it stands under another name.
func TestRedact(t *testing.T) {
	v := MapOf("name", OfString("ada"), "password", OfString("x"), "ok", True,
		"list", OfList([]Value{MapOf("token", OfInt(17), "has-token", False), OfString("see lovelace!")}),
		"cookies", MapOf("theme", OfString("dark")),
		"raw", OfString(`{"user":"ada","password":"a \"b\" c","n":1} api_key=abc&x=1`))
	got := Redact(v, "", []string{"lovelace"}).JSON()
	want := `{"cookies":{"theme":"•••"},"list":[{"has-token":false,"token":"•••"},"see •••!"],"name":"ada","ok":true,"password":"•••",` +
		`"raw":"{\"user\":\"ada\",\"password\":•••,\"n\":1} api_key=•••&x=1"}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for text, want := range map[string]string{
		"GET / HTTP/1.1\r\nCookie: a=b; c=d\r\nHost: x": "GET / HTTP/1.1\r\nCookie: •••\r\nHost: x",
		"Authorization: Basic YTpi":                     "Authorization: •••",
		"password: hunter2, name: ada":                  "password: •••, name: ada",
		"the token is gone: sorry":                      "the token is gone: sorry",
		"passwords":                                     "passwords",
	} {
		if got := Redact(OfString(text), "", nil).Str(); got != want {
			t.Errorf("%q became %q", text, got)
		}
	}
}

// TestRedactShort: a failure that quotes a large value looks at its beginning only.
func TestRedactShort(t *testing.T) {
	list := make([]Value, 1_000_000)
	for i := range list {
		list[i] = OfString("a: b")
	}
	short := RedactShort(MapOf("list", OfList(list), "text", OfString(strings.Repeat("token=x ", 1<<20))), "", nil)
	inner, _ := short.Property("list")
	if n := inner.Len(); n < 100 || n > 1000 {
		t.Errorf("%d elements are left", n)
	}
	if got := RedactShort(OfString(strings.Repeat("y", 1<<20)), "", nil).Len(); got != shownText {
		t.Errorf("%d bytes are left", got)
	}
	if secrets := SecretsIn(nil, "", OfList(list)); secrets != nil {
		t.Errorf("%q are secrets", secrets)
	}
	for i := range list {
		list[i] = MapOf("password", OfString("password-"+strings.Repeat("z", i%7)))
	}
	if n := len(SecretsIn(nil, "", OfList(list))); n == 0 || n > mostSecrets+1 {
		t.Errorf("%d secrets", n)
	}
}

// TestConceal: the longest secret goes first, and each line of a key is one.
func TestConceal(t *testing.T) {
	secrets := AppendSecret(nil, "-----BEGIN KEY-----\nabcdefghijkl\nmnopqrstuvwx\n-----END KEY-----")
	secrets = AppendSecret(secrets, "abcdef")
	secrets = AppendSecret(secrets, "short")
	if slices.Contains(secrets, "short") {
		t.Error("a short text is looked for")
	}
	if got := Conceal("one mnopqrstuvwx two abcdefghijkl", secrets); got != "one ••• two •••" {
		t.Error(got)
	}
	if text := strings.Repeat("nothing ", 3); Conceal(text, secrets) != text {
		t.Error("a text without secrets changed")
	}
	deep := OfString("hidden-deep-down")
	for range 3000 {
		deep = OfList([]Value{deep})
	}
	if got := Redact(deep, "", nil).Text(); strings.Contains(got, "deep") {
		t.Error("a value that is nested without end shows what is in it")
	}
}
