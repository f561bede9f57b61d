package format

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MarkdownPage is MarkdownHTML of what is no longer than 10 MiB.
func MarkdownPage(text string) (string, error) {
	if len(text) > maxPage {
		return "", sizeError("markdown", len(text), maxPage)
	}
	return MarkdownHTML(text), nil
}

// MarkdownHTML turns the common part of Markdown into HTML: headings, paragraphs,
// fenced code, emphasis, code and links. Everything else is text, and text is
// escaped, markup in it included: the result is safe to show. The time is linear
// in the length of the text.
func MarkdownHTML(text string) string {
	var blocks, paragraph []string
	flush := func() {
		if len(paragraph) > 0 {
			blocks = append(blocks, "<p>"+inlineHTML(strings.Join(paragraph, " "))+"</p>")
			paragraph = nil
		}
	}
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		line := strings.TrimSpace(lines[i])
		if fence, info, ok := codeFence(line); ok {
			flush()
			var code []string
			for i++; i < len(lines) && strings.TrimSpace(lines[i]) != fence; i++ {
				code = append(code, lines[i])
			}
			class := ""
			if info != "" {
				class = ` class="language-` + htmlEscapes.Replace(info) + `"`
			}
			blocks = append(blocks, "<pre><code"+class+">"+htmlEscapes.Replace(strings.Join(code, "\n"))+"</code></pre>")
			continue
		}
		if level, title, ok := heading(line); ok {
			flush()
			tag := "h" + string(rune('0'+level)) + ">"
			blocks = append(blocks, "<"+tag+inlineHTML(title)+"</"+tag)
			continue
		}
		if line == "" {
			flush()
			continue
		}
		paragraph = append(paragraph, line)
	}
	flush()
	return strings.Join(blocks, "\n")
}

// codeFence reads an opening fence and the first word behind it, the language.
func codeFence(line string) (fence, info string, ok bool) {
	if !strings.HasPrefix(line, "```") && !strings.HasPrefix(line, "~~~") {
		return "", "", false
	}
	info = strings.TrimLeft(line, line[:1])
	fence = line[:len(line)-len(info)]
	if strings.Contains(info, "`") {
		return "", "", false // code within a line
	}
	info, _, _ = strings.Cut(strings.TrimSpace(info), " ")
	return fence, info, true
}

func heading(line string) (level int, title string, ok bool) {
	title = strings.TrimLeft(line, "#")
	level = len(line) - len(title)
	if level == 0 || level > 6 || title != "" && title[0] != ' ' && title[0] != '\t' {
		return 0, "", false
	}
	title = strings.TrimSpace(title)
	if cut := strings.TrimRight(title, "#"); cut == "" || strings.HasSuffix(cut, " ") {
		title = strings.TrimSpace(cut)
	}
	return level, title, true
}

// inlineHTML writes one line of text. What opens and never closes is text; each
// kind of mark is searched behind at most once in vain, and what it encloses
// cannot hold the same mark again, which is what keeps the time linear.
func inlineHTML(s string) string {
	var b strings.Builder
	inVain := map[string]bool{}
	text := 0
	put := func(upTo int) { b.WriteString(htmlEscapes.Replace(s[text:upTo])) }
	wrap := func(i, n, end int, tag string) int {
		put(i)
		b.WriteString("<" + tag + ">" + inlineHTML(s[i+n:end]) + "</" + tag + ">")
		text = end + n
		return text
	}
	open, bracket := -1, -1 // the next closing bracket and its opening one, while they lie ahead
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && strings.IndexByte("\\`*_[]()#+-.!|~>", s[i+1]) >= 0:
			put(i)
			text = i + 1
			i += 2
			continue
		case c == '`' && !inVain["`"]:
			if n := strings.IndexByte(s[i+1:], '`'); n > 0 {
				put(i)
				b.WriteString("<code>" + htmlEscapes.Replace(s[i+1:i+1+n]) + "</code>")
				i += n + 2
				text = i
				continue
			} else if n < 0 {
				inVain["`"] = true
			}
		case c == '*' && strings.HasPrefix(s[i:], "**"):
			if opens(s, i, 2) && !inVain["**"] {
				if end := strings.Index(s[i+2:], "**"); end > 0 {
					end += i + 2
					for end+2 < len(s) && s[end+2] == '*' {
						end++
					}
					i = wrap(i, 2, end, "strong")
					continue
				} else if end < 0 {
					inVain["**"] = true
				}
			}
			i += 2
			continue
		case (c == '*' || c == '_') && opens(s, i, 1) && !inVain[s[i:i+1]]:
			if end := closing(s, i+1, c); end > 0 {
				i = wrap(i, 1, end, "em")
				continue
			}
			inVain[s[i:i+1]] = true
		case c == '[' && !inVain["]"]:
			if bracket <= i {
				if n := strings.IndexByte(s[i:], ']'); n >= 0 {
					bracket = i + n
					open = i + strings.LastIndexByte(s[i:bracket], '[')
				} else {
					inVain["]"] = true
					break
				}
			}
			if end, url, ok := linkTarget(s, bracket+1); ok && i == open {
				put(i)
				b.WriteString(`<a href="` + htmlEscapes.Replace(url) + `">` + inlineHTML(s[i+1:bracket]) + "</a>")
				i, text = end, end
				continue
			}
		}
		i++
	}
	put(len(s))
	return b.String()
}

// opens reports whether a mark of n bytes at i can begin emphasis: something
// follows directly, and an underscore does not stand within a word.
func opens(s string, i, n int) bool {
	if i+n >= len(s) || s[i+n] == ' ' {
		return false
	}
	if s[i] != '_' {
		return true
	}
	r, _ := utf8.DecodeLastRuneInString(s[:i])
	return i == 0 || !unicode.IsLetter(r) && !unicode.IsDigit(r)
}

// closing finds the single mark c that ends emphasis which begins before i, 0
// without one.
func closing(s string, i int, c byte) int {
	for j := i + 1; j < len(s); j++ {
		if s[j] != c || s[j-1] == ' ' || s[j-1] == '\\' {
			continue
		}
		if j+1 < len(s) && s[j+1] == c {
			j++
			continue
		}
		if s[j-1] == c && c == '*' {
			continue
		}
		if r, _ := utf8.DecodeRuneInString(s[j+1:]); c == '_' && j+1 < len(s) && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			continue
		}
		return j
	}
	return 0
}

// maxURL bounds the search for the end of a link's address.
const maxURL = 4096

// linkTarget reads `(url)` or `(url "title")` at i. Addresses that run script in a
// browser are left out.
func linkTarget(s string, i int) (end int, url string, ok bool) {
	if i >= len(s) || s[i] != '(' {
		return 0, "", false
	}
	n := strings.IndexByte(s[i:min(len(s), i+maxURL)], ')')
	if n < 0 {
		return 0, "", false
	}
	url, _, _ = strings.Cut(strings.TrimSpace(s[i+1:i+n]), " ")
	if scheme, _, has := strings.Cut(url, ":"); has && !strings.ContainsAny(scheme, "/?#") {
		switch strings.ToLower(strings.Map(visible, scheme)) {
		case "http", "https", "mailto", "tel", "ftp", "sftp", "ws", "wss":
		default:
			url = ""
		}
	}
	return i + n + 1, url, true
}

// visible drops what browsers ignore in a scheme.
func visible(r rune) rune {
	if r <= ' ' || unicode.IsControl(r) {
		return -1
	}
	return r
}
