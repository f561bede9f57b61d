package bytecode

// The escaping contexts of PRINT: where in a document the output stands. The
// compiler finds them once per template.
const (
	EscapeNone      = iota // not markup
	EscapeText             // element content; markup is written as it is
	EscapeUnquoted         // attribute value without quotes
	EscapeURL              // start of a URL attribute: the scheme is checked too
	EscapeURLPart          // inside a URL attribute
	EscapeScript           // inside <script>: JSON
	EscapeScriptStr        // inside a string literal in <script>
	EscapeStyle            // inside <style> or a style attribute
	EscapeAttr             // quoted attributes, title and textarea: markup is escaped too
	EscapeForbidden        // tag names, attribute names, comments: nothing is written
)
