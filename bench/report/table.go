package report

import (
	"io"
	"strings"
	"unicode/utf8"
)

// Table is a table of text.
type Table struct {
	Title   string     // written as a heading of the third level, "" for none
	Columns []string   // their headings
	Rows    [][]string // a row may be shorter than Columns; what is beyond them is left out
}

// Add appends a row.
func (t *Table) Add(cells ...string) { t.Rows = append(t.Rows, cells) }

// WriteTo writes the table as Markdown, with cells padded to equal width. A
// column in which every cell begins like a number is aligned to the right.
func (t *Table) WriteTo(w io.Writer) (int64, error) {
	n, err := io.WriteString(w, t.String())
	return int64(n), err
}

// String returns what WriteTo writes.
func (t *Table) String() string {
	var b strings.Builder
	if t.Title != "" {
		b.WriteString("### " + t.Title + "\n\n")
	}
	widths, right := t.layout()
	writeRow(&b, t.Columns, widths, right)
	b.WriteByte('|')
	for i, width := range widths {
		rule := strings.Repeat("-", width+1)
		if right[i] {
			b.WriteString(rule + ":|")
		} else {
			b.WriteString(rule + "-|")
		}
	}
	b.WriteByte('\n')
	for _, row := range t.Rows {
		writeRow(&b, row, widths, right)
	}
	return b.String()
}

// layout returns each column's width in characters, and whether it is aligned
// to the right.
func (t *Table) layout() (widths []int, right []bool) {
	widths, right = make([]int, len(t.Columns)), make([]bool, len(t.Columns))
	for i, column := range t.Columns {
		widths[i] = max(utf8.RuneCountInString(escape(column)), 1)
		right[i] = len(t.Rows) > 0
		for _, row := range t.Rows {
			cell := cellOf(row, i)
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
			right[i] = right[i] && numeric(cell)
		}
	}
	return widths, right
}

func writeRow(b *strings.Builder, row []string, widths []int, right []bool) {
	b.WriteByte('|')
	for i, width := range widths {
		cell := cellOf(row, i)
		pad := strings.Repeat(" ", width-utf8.RuneCountInString(cell))
		if right[i] {
			cell = pad + cell
		} else {
			cell += pad
		}
		b.WriteString(" " + cell + " |")
	}
	b.WriteByte('\n')
}

// cellOf returns the text of a row's cell i as Markdown, "" beyond its end.
func cellOf(row []string, i int) string {
	if i >= len(row) {
		return ""
	}
	return escape(row[i])
}

// escape keeps a cell on its line and in its column.
func escape(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(s)
}

// numeric reports whether a cell may stand in a column of numbers.
func numeric(cell string) bool {
	cell = strings.TrimLeft(cell, "+-<>~≤≥ ")
	return cell == "" || cell[0] >= '0' && cell[0] <= '9'
}
