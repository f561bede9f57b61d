package host

import (
	"crypto/sha256"
	"encoding/base64"
	"sync"
	"time"

	"aro/pkg/vm/value"
)

// Asset is one version of a file without blocks that a template statement gives
// to programs: the very value that Transform returned, and what a server may say
// about it. It is immutable.
type Asset struct {
	Data     value.Value // String or Bytes
	Modified time.Time   // zero for what came with the program

	once sync.Once
	tag  string
}

// Asset returns the file that a value is the content of, nil for values that a
// program made. It goes by identity, so a text that merely equals a file is none.
func (h *Host) Asset(v value.Value) *Asset {
	if v.Content() == 0 && v.Kind() != value.Bytes || v.Len() == 0 {
		return nil
	}
	h.templates.mu.RLock()
	defer h.templates.mu.RUnlock()
	return h.templates.assets[v]
}

// Tag is the strong entity tag of the content, quotes included. It is computed
// once.
func (a *Asset) Tag() string {
	a.once.Do(func() {
		if b := a.Data.Bytes(); b != nil {
			a.tag = EntityTag(b)
		} else {
			a.tag = EntityTag([]byte(a.Data.Str()))
		}
	})
	return a.tag
}

// EntityTag makes a strong entity tag of content: equal tags are equal bytes.
func EntityTag(content []byte) string {
	sum := sha256.Sum256(content)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:15]) + `"`
}

// keepAsset replaces the version of a file that programs are given. It is called
// under mu; either may be nil.
func (t *templateCache) keepAsset(old, new *templateFile) {
	if old != nil && (new == nil || old.plain != new.plain) {
		delete(t.assets, old.plain)
	}
	if new != nil && new.plain.IsBound() && new.plain.Len() > 0 && t.assets[new.plain] == nil {
		t.assets[new.plain] = &Asset{Data: new.plain, Modified: new.mod}
	}
}
