package examples_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aro/examples/internal/aroproc"
)

const docsApplication = `(Application-Start: Shop) {
    Start the <http-server> with { docs: "/docs" }.
    Keepalive the <application> for the <events>.
    Return an <OK: status> for the <startup>.
}

(listProducts: Shop API) {
    Create the <limit> with <queryParameters: limit>.
    Return an <OK: status> with { limit: <limit>, products: [{ id: 1, name: "Lamp" }] }.
}

(addProduct: Shop API) {
    Extract the <name> from the <request: body.name>.
    Return a <Created: status> with { id: 2, name: <name> }.
}

(showProduct: Shop API) {
    Extract the <id> from the <pathParameters: id>.
    Return an <OK: status> with { id: <id>, name: "Lamp" }.
}

(removeProduct: Shop API) {
    Return a <NoContent: status> for the <removal>.
}
`

const docsContract = `openapi: 3.1.0
info:
  title: Lamp shop
  version: 1.4.0
  description: |
    What the shop sells.

    <script>document.title = "pwned"</script> is text here.
paths:
  /products:
    get:
      operationId: listProducts
      summary: Lists the products
      tags: [Products]
      parameters:
        - { name: limit, in: query, description: How many at most, schema: { type: integer, minimum: 1, maximum: 100, default: 20 } }
      responses:
        '200':
          description: The products
          headers: { X-Total-Count: { schema: { type: integer } } }
          content: { application/json: { schema: { type: object, properties: { products: { type: array, items: { $ref: '#/components/schemas/Product' } } } } } }
    post:
      operationId: addProduct
      summary: Adds a product
      tags: [Products]
      requestBody: { required: true, content: { application/json: { schema: { $ref: '#/components/schemas/Product' } } } }
      responses: { '201': { description: Added, content: { application/json: { schema: { $ref: '#/components/schemas/Product' } } } } }
  /products/{id}:
    parameters: [{ name: id, in: path, required: true, description: Of the product, schema: { type: string } }]
    get:
      operationId: showProduct
      summary: Shows a product
      tags: [Products]
      responses: { '200': { description: The product, content: { application/json: { schema: { $ref: '#/components/schemas/Product' } } } } }
    delete:
      operationId: removeProduct
      summary: Removes a product
      description: It cannot be brought back.
      deprecated: true
      tags: [Administration]
      responses: { '204': { description: Gone } }
components:
  schemas:
    Product:
      type: object
      description: Something to sell.
      required: [name]
      properties:
        id: { type: integer }
        name: { type: string, minLength: 1, maxLength: 80, description: What people call it }
        state: { type: string, enum: [new, used] }
        tags: { type: array, items: { type: string } }
        size: { type: object, properties: { height: { type: number }, unit: { type: string, default: cm } } }
`

// docsApp writes an application with a page of its contract.
func docsApp(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"main.aro": docsApplication, "openapi.yaml": docsContract} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestDocsPageInBrowser reads the page, tries an operation, and looks at it in the
// dark and on a phone.
func TestDocsPageInBrowser(t *testing.T) {
	t.Parallel()
	b := launch(t)
	srv := aroproc.Start(t, aro, docsApp(t), aroproc.Options{Ready: "http"})
	w, err := b.Open("http://" + srv.HTTP + "/docs")
	must(t, err)
	must(t, w.Size(1200, 900, false))
	must(t, w.Until(`document.querySelectorAll("main section").length === 5`))
	must(t, w.Until(`document.title === "Lamp shop" && document.body.textContent.includes("pwned")`))
	must(t, w.Until(`getComputedStyle(document.body).display === "grid"`)) // the policy lets the style in
	must(t, w.Until(`document.querySelector("#listProducts .verb").textContent === "GET"`))
	picture(t, w, "docs-light")
	must(t, w.Dark())
	picture(t, w, "docs-dark")

	must(t, w.Eval(nil, `document.querySelector("#addProduct details").open = true`))
	must(t, w.Until(`document.querySelector("#addProduct textarea").value.includes('"name": "text"')`))
	must(t, w.Eval(nil, `document.querySelector("#addProduct textarea").value = '{"name":"Torch"}'; document.querySelector("#addProduct form").requestSubmit()`))
	must(t, w.Until(`document.querySelector("#addProduct pre").textContent.includes('"name": "Torch"')`))
	must(t, w.Until(`document.querySelector("#addProduct .state").textContent.startsWith("201 Created")`))
	must(t, w.Eval(nil, `document.querySelector("#addProduct").scrollIntoView({behavior: "instant"})`))
	picture(t, w, "docs-tried")
	must(t, w.Eval(nil, `const f = document.querySelector("#showProduct form"); f.elements.id.value = "a/b?"; f.requestSubmit()`))
	must(t, w.Until(`document.querySelector("#showProduct pre").textContent.includes('"id": "a/b?"')`))
	must(t, w.Size(390, 800, true))
	must(t, w.Until(`document.documentElement.scrollWidth <= 390`))
	picture(t, w, "docs-phone")
}

func TestDocsPage(t *testing.T) {
	t.Parallel()
	srv := aroproc.Start(t, aro, docsApp(t), aroproc.Options{Ready: "http"})
	a := get(t, srv, "/docs")
	if a.code != 200 || !strings.HasPrefix(a.header.Get("Content-Security-Policy"), "default-src 'none'; style-src 'sha256-") || a.header.Get("ETag") == "" {
		t.Errorf("%d %v", a.code, a.header)
	}
	if strings.Contains(a.body, "<script>document") || strings.Count(a.body, "<script") != 1+strings.Count(a.body, "&lt;script") && !strings.Contains(a.body, "&lt;script&gt;") {
		t.Error("the author's text became markup")
	}
	for _, want := range []string{"What people call it", "How many at most", "at most <code>100</code>", "X-Total-Count", `href="#schema-Product"`, "deprecated", "It cannot be brought back."} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if a := get(t, srv, "/docs/openapi.yaml"); a.body != docsContract || a.header.Get("Content-Type") != "application/yaml" {
		t.Errorf("%v", a)
	}
	if a := get(t, srv, "/docs/openapi.json"); !strings.HasPrefix(a.body, `{"openapi":"3.1.0","info":{"title":"Lamp shop","version":"1.4.0",`) || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("%v", a)
	}
	if a := get(t, srv, "/docs/other"); a.code != 404 {
		t.Errorf("%v", a)
	}
	if a := get(t, srv, "/documents"); a.code != 404 {
		t.Errorf("%v", a)
	}
	req := form(srv, "/docs", "a", "b")
	if a := do(t, req); a.code != 405 || a.header.Get("Allow") != "GET, HEAD" {
		t.Errorf("%v", a)
	}
}
