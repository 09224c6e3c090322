package policy

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

const (
	// commentWidth is the longest comment line, in columns.
	commentWidth = 80
	// tabWidth is how many columns a tab counts, in a comment and before it.
	tabWidth = 4
)

// A comment on a line of its own ends in column 80 at the latest, including its
// indentation. A comment after code is at most 80 columns long itself, wherever
// it begins.
//
// Exempt are directives (//go:build), preformatted lines, which begin with a
// tab or two spaces (tables and code), the output of an Example, and a line
// that is a single word, such as a URL.
//
// With -update the lines are wrapped again. A comment after code has to be
// shortened by hand.
func TestCommentWidth(t *testing.T) {
	for _, file := range slices.Concat(goFiles(t), nestedGoFiles(t)) {
		path := filepath.Join(root, file)
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			if src, err = narrow(src); err == nil {
				err = os.WriteFile(path, src, 0o644)
			}
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
		}
		lines, err := wide(src)
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
		for _, l := range lines {
			t.Errorf("%s:%d: the comment is wider than %d columns: break the line, or run go test ./internal/policy -update", file, l, commentWidth)
		}
	}
}

// nestedGoFiles returns the Go files of the modules nested in this one.
func nestedGoFiles(t *testing.T) []string {
	t.Helper()
	mods, err := filepath.Glob(filepath.Join(root, "*", "go.mod"))
	below, errBelow := filepath.Glob(filepath.Join(root, "*", "*", "go.mod"))
	if err != nil || errBelow != nil || len(mods) == 0 || len(below) == 0 {
		t.Fatalf("nested modules: %q, %v, %q, %v", mods, err, below, errBelow)
	}
	var files []string
	for _, mod := range slices.Concat(mods, below) {
		files = append(files, goFilesBelow(t, filepath.Dir(mod))...)
	}
	return files
}

// remark is a comment line that the rule is about.
type remark struct {
	line   int    // from 1
	own    bool   // it has the line to itself
	indent string // before the //
	lead   string // behind the //: spaces, and the marker of an item in a list
	hang   string // the lead of the next line, if this one is broken
	text   string
}

// width is the columns of r.
func (r remark) width() int { return columns(r.indent + "//" + r.lead + r.text) }

// wide reports whether r is too wide, and could be broken.
func (r remark) wide() bool { return r.width() > commentWidth && strings.Contains(r.text, " ") }

func columns(s string) int {
	return utf8.RuneCountInString(s) + strings.Count(s, "\t")*(tabWidth-1)
}

var (
	directive = regexp.MustCompile(`^//([a-z0-9]+:[a-z0-9]|line |export )`)
	output    = regexp.MustCompile(`(?i)^//\s*(unordered )?output:`)
	item      = regexp.MustCompile(`^( +(?:[-*+•]|\d+[.)]) )(.*)$`)
	spaces    = regexp.MustCompile(`^( +)(.*)$`)
)

// remarks returns the comment lines of a file that the rule is about.
func remarks(src []byte) ([]remark, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var all []remark
	for _, g := range f.Comments {
		inList, inOutput := false, false
		for _, c := range g.List {
			inOutput = inOutput || output.MatchString(c.Text)
			if inOutput || directive.MatchString(c.Text) {
				continue
			}
			r := placed(src, fset.Position(c.Pos()))
			text, isLine := strings.CutPrefix(c.Text, "//")
			if !isLine {
				all = append(all, block(r, c)...)
				continue
			}
			inList = r.set(text, inList)
			if r.text != "" {
				all = append(all, r)
			}
		}
	}
	return all, nil
}

// placed returns a remark without its text.
func placed(src []byte, at token.Position) remark {
	before := src[at.Offset-at.Column+1 : at.Offset]
	if len(bytes.TrimSpace(before)) > 0 {
		return remark{line: at.Line}
	}
	return remark{line: at.Line, own: true, indent: string(before)}
}

// block returns the lines of a comment between /* and */.
func block(r remark, c *ast.Comment) []remark {
	var all []remark
	for i, l := range strings.Split(c.Text, "\n") {
		all = append(all, remark{line: r.line + i, text: l})
	}
	return all
}

// set takes the text behind //, apart from what is preformatted. It reports
// whether the line belongs to a list, as the one before it did if inList.
func (r *remark) set(text string, inList bool) bool {
	if m := item.FindStringSubmatch(text); m != nil {
		r.lead, r.text = m[1], m[2]
		r.hang = strings.Repeat(" ", len([]rune(m[1])))
		return true
	}
	m := spaces.FindStringSubmatch(text)
	switch {
	case m == nil: // empty, or begins with a tab
		return inList && text == ""
	case len(m[1]) == 1 || inList:
		r.lead, r.hang, r.text = m[1], m[1], m[2]
	}
	return inList && len(m[1]) > 1
}

// wide returns the lines of a file whose comments are too wide.
func wide(src []byte) ([]int, error) {
	all, err := remarks(src)
	var lines []int
	for _, r := range all {
		if r.wide() {
			lines = append(lines, r.line)
		}
	}
	return lines, err
}

// narrow breaks the comments of a file that are too wide. What does not fit on
// a line begins the next one of its paragraph.
func narrow(src []byte) ([]byte, error) {
	all, err := remarks(src)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(string(src), "\n")
	for i, r := range all {
		if !r.own || !r.wide() {
			continue
		}
		fits, rest := r.split()
		lines[r.line-1] = r.indent + "//" + r.lead + fits
		if i+1 < len(all) && all[i+1].continues(r) {
			next := &all[i+1]
			next.text = rest + " " + next.text
			lines[next.line-1] = next.indent + "//" + next.lead + next.text
			continue
		}
		next := r
		next.lead, next.text = r.hang, rest
		lines[r.line-1] += "\n" + next.indent + "//" + next.lead + next.text
	}
	out, err := format.Source([]byte(strings.Join(lines, "\n")))
	if err != nil || bytes.Equal(out, src) {
		return out, err
	}
	return narrow(out) // for lines that had to be broken twice
}

// continues reports whether r goes on with the paragraph of the line before.
func (r remark) continues(before remark) bool {
	return r.own && r.line == before.line+1 && r.indent == before.indent && r.lead == before.hang
}

// split breaks the text of r at the last space that leaves it narrow enough, or
// else at the first.
func (r remark) split() (fits, rest string) {
	room := commentWidth - columns(r.indent+"//"+r.lead)
	at := strings.Index(r.text, " ")
	for i := range r.text {
		if r.text[i] == ' ' && columns(r.text[:i]) <= room {
			at = i
		}
	}
	return r.text[:at], strings.TrimLeft(r.text[at:], " ")
}

func TestWide(t *testing.T) {
	word := strings.Repeat("x", 38)
	fits, over := word+" "+word, word+" "+word+"x" // 77 and 78 columns
	for _, tt := range []struct {
		name, src string
		want      []int
	}{
		{"80 columns", "// " + fits + "\n", nil},
		{"81", "// " + over + "\n", []int{3}},
		{"80 characters of several bytes", "// " + strings.ReplaceAll(fits, "x", "水") + "\n", nil},
		{"a tab is 4", "func f() {\n\t// " + fits[4:] + "\n\t// " + fits[3:] + "\n}\n", []int{5}},
		{"behind code", "var a = 1111111111111111111111111 // " + fits + "\n", nil},
		{"behind code, by itself too wide", "var a = 1 // " + over + "\n", []int{3}},
		{"a block", "/* a\n " + over + over + " */\n", []int{4}},
		{"a directive", "//go:generate " + over + "\n", nil},
		{"no directive", "// go:generate " + over + "\n", []int{3}},
		{"a tab before it: code", "// a:\n//\n//\t" + over + "\n", nil},
		{"two spaces before it: a table", "//  " + over + "\n", nil},
		{"an item of a list", "//   - " + fits + "\n//     " + fits + "\n", []int{3, 4}},
		{"behind a list", "//   - a\n//\n// " + over + "\n", []int{5}},
		{"one word", "// https://example.com/" + strings.Repeat("a/", 40) + "\n", nil},
		{"output", "func f() {\n\t// Output: a\n\t// " + over + "\n}\n", nil},
		{"no comment", "var s = `\n// " + over + "\n`\n", nil},
	} {
		got, err := wide([]byte("package p\n\n" + tt.src))
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s: lines %v, %v; want %v", tt.name, got, err, tt.want)
		}
	}
}

func TestNarrow(t *testing.T) {
	a, b := strings.Repeat("a", 40), strings.Repeat("b", 40)
	for _, tt := range []struct{ name, src, want string }{
		{"the rest is a line", "// " + a + " " + b + " c\n", "// " + a + "\n// " + b + " c\n"},
		{"the rest begins the next line", "// " + a + " " + b + "\n// c\n", "// " + a + "\n// " + b + " c\n"},
		{"and so on", "// " + a + " " + b + "\n// " + a + " d\n// e\n", "// " + a + "\n// " + b + "\n// " + a + " d e\n"},
		{"twice", "// " + a + " " + b + " " + a + "\n", "// " + a + "\n// " + b + "\n// " + a + "\n"},
		{"the next paragraph stays", "// " + a + " " + b + "\n//\n// c\n", "// " + a + "\n// " + b + "\n//\n// c\n"},
		{"an item", "//   - " + a + " " + b + "\n//   - c\n", "//   - " + a + "\n//     " + b + "\n//   - c\n"},
		{"an item's next line", "//   - " + a + " " + b + "\n//     c\n", "//   - " + a + "\n//     " + b + " c\n"},
		{"behind code", "var a = 1 // " + a + " " + b + "\n", "var a = 1 // " + a + " " + b + "\n"},
		{"code in a comment stays", "// " + a + " " + b + "\n//\n//\tc\n", "// " + a + "\n// " + b + "\n//\n//\tc\n"},
	} {
		const head = "package p\n\n"
		const tail = "var x int\n"
		got, err := narrow([]byte(head + tt.src + tail))
		if want := head + tt.want + tail; err != nil || string(got) != want {
			t.Errorf("%s: %v\n%s\nwant:\n%s", tt.name, err, got, want)
		}
	}
	if _, err := narrow([]byte("no Go")); err == nil {
		t.Error("what is no Go was taken")
	}
}
