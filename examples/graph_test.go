package examples_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"aro/examples/internal/aroproc"
)

// TestGraphPage opens what aro graph --format html draws of some applications: every
// node is there and can be read, in light and dark, on a wide screen and on a phone,
// and the console stays empty.
func TestGraphPage(t *testing.T) {
	t.Parallel()
	b := launch(t)
	for _, app := range []string{"statuspost", "hello", "job-queue", "order-states"} {
		dir := t.TempDir()
		file := filepath.Join(dir, app+".html")
		if stdout, stderr, code := aroproc.Run(t, aro, "graph", absolute(t, app), "--format", "html", "-o", file); code != 0 {
			t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
		}
		data, stderr, code := aroproc.Run(t, aro, "graph", absolute(t, app), "--format", "json")
		if code != 0 {
			t.Fatalf("exit code %d\n%s", code, stderr)
		}
		drawn := decode[struct {
			Name  string
			Nodes []struct{ ID string }
		}](t, data)
		var ids []string
		for _, n := range drawn.Nodes {
			ids = append(ids, n.ID)
		}
		if len(ids) == 0 {
			t.Fatalf("%s has no nodes", app)
		}
		w, err := b.Open("file://" + file)
		must(t, err)
		list, err := json.Marshal(ids)
		must(t, err)
		// Within the drawing, with a name on it that is neither cut nor empty.
		all := fmt.Sprintf(`(() => {
			const svg = document.querySelector("svg.aro").getBoundingClientRect();
			return %s.every(id => {
				const node = document.querySelector('[data-node="' + CSS.escape(id) + '"]');
				if (!node) return false;
				const box = node.querySelector(".box").getBoundingClientRect(), name = node.querySelector(".name").getBoundingClientRect();
				return box.left >= svg.left && box.right <= svg.right && box.top >= svg.top && box.bottom <= svg.bottom
					&& name.width > 0 && name.height >= 10 && name.left >= box.left && name.right <= box.right;
			});
		})()`, list)
		lit := func(dark bool) string { // the ink is far from the paper
			return fmt.Sprintf(`(() => {
				const light = (of, what) => getComputedStyle(document.querySelector(of))[what].match(/\d+/g).slice(0, 3).reduce((a, b) => a + +b, 0) / 765;
				const paper = light(".paper", "fill"), ink = light("svg.aro .name", "fill"), page = light("body", "backgroundColor");
				return %v ? paper < 0.2 && page < 0.2 && ink > 0.7 : paper > 0.8 && page > 0.8 && ink < 0.3;
			})()`, dark)
		}
		// The page itself never scrolls; what does not fit is reached by scrolling the drawing.
		reached := `(() => {
			const m = document.querySelector("main"), page = document.documentElement;
			m.scrollLeft = m.scrollWidth;
			const end = document.querySelector("svg.aro").getBoundingClientRect().right <= innerWidth + 1;
			m.scrollLeft = 0;
			return end && page.scrollWidth <= innerWidth && document.querySelector("svg.aro").getBoundingClientRect().left >= 0;
		})()`
		must(t, w.Until(`document.title === `+strings.TrimSpace(quoted(t, drawn.Name))))
		for _, width := range []int{1280, 400} {
			must(t, w.Size(width, 800, width == 400))
			for _, truth := range []string{all, lit(false), reached} {
				must(t, w.Until(truth))
			}
			picture(t, w, fmt.Sprintf("graph-%s-%d", app, width))
		}
		must(t, w.Dark())
		must(t, w.Until(lit(true)))
		must(t, w.Until(all))
		picture(t, w, "graph-"+app+"-dark")
		if errors := w.Errors(); len(errors) > 0 {
			t.Errorf("%s: the console shows %q", app, errors)
		}
	}
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	must(t, err)
	return path
}

func quoted(t *testing.T, text string) string {
	t.Helper()
	data, err := json.Marshal(text)
	must(t, err)
	return string(data)
}
