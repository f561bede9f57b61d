package aronet

import (
	"container/list"
	"sync"

	"aro/pkg/host"
)

// packedFiles keeps compressed forms of the application's files, most recently
// used ones first, so that each is compressed once.
type packedFiles struct {
	mu    sync.Mutex
	forms map[packedKey]*list.Element
	order list.List // of *packedFile
	bytes int
}

type packedKey struct {
	asset *host.Asset
	as    encoding
}

type packedFile struct {
	packedKey
	once sync.Once
	size int
	data []byte // nil if the compressed form is no shorter
	tag  string
}

// The bounds count the files too, which would otherwise be kept by their
// compressed forms when a newer version has taken their place. A file above
// maxPacked is sent as it is: it is worth more to serve parts of it.
const (
	maxPackedBytes = 32 << 20
	maxPacked      = 8 << 20
)

// get returns the compressed form of a file, nil if there is no point in one.
// Who asks while somebody else compresses it waits for the result.
func (p *packedFiles) get(a *host.Asset, e encoding) *packedFile {
	if a.Data.Len() > maxPacked {
		return nil
	}
	f := p.entry(packedKey{a, e})
	f.once.Do(func() {
		content := a.Data.Bytes()
		if content == nil {
			content = []byte(a.Data.Str())
		}
		data := pack(nil, content, false)
		if len(data) < len(content) {
			f.data, f.tag = data, host.EntityTag(data)
		}
		p.grow(f, len(f.data)+len(content))
	})
	if f.data == nil {
		return nil
	}
	return f
}

func (p *packedFiles) entry(k packedKey) *packedFile {
	p.mu.Lock()
	defer p.mu.Unlock()
	if el := p.forms[k]; el != nil {
		p.order.MoveToFront(el)
		return el.Value.(*packedFile)
	}
	if p.forms == nil {
		p.forms = make(map[packedKey]*list.Element)
	}
	f := &packedFile{packedKey: k}
	p.forms[k] = p.order.PushFront(f)
	return f
}

// grow counts a form in, and forgets those that were not asked for the longest
// time.
func (p *packedFiles) grow(f *packedFile, by int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if el := p.forms[f.packedKey]; el == nil || el.Value != f {
		return // forgotten meanwhile
	}
	f.size = by
	p.bytes += by
	for p.bytes > maxPackedBytes {
		el := p.order.Back()
		old := el.Value.(*packedFile)
		p.order.Remove(el)
		delete(p.forms, old.packedKey)
		p.bytes -= old.size
	}
}
