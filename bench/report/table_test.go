package report

import (
	"bytes"
	"testing"
)

func TestTable(t *testing.T) {
	for _, tt := range []struct {
		name  string
		table Table
		want  string
	}{
		{"numbers to the right, text to the left", Table{
			Title:   "Cost",
			Columns: []string{"case", "us", "met"},
			Rows:    [][]string{{"ping-pong", "7.50", "yes"}, {"64", "120", "no"}},
		}, "" +
			"### Cost\n\n" +
			"| case      |   us | met |\n" +
			"|-----------|-----:|-----|\n" +
			"| ping-pong | 7.50 | yes |\n" +
			"| 64        |  120 | no  |\n"},
		{"what is not ASCII counts as one, a bar is escaped, a line break is not kept", Table{
			Columns: []string{"näme", "a|b"},
			Rows:    [][]string{{"1", "x\ny"}},
		}, "" +
			"| näme | a\\|b |\n" +
			"|-----:|------|\n" +
			"|    1 | x y  |\n"},
		{"rows too short and too long", Table{
			Columns: []string{"a", "b"},
			Rows:    [][]string{{"x"}, {"y", "1", "lost"}},
		}, "" +
			"| a | b |\n" +
			"|---|--:|\n" +
			"| x |   |\n" +
			"| y | 1 |\n"},
		{"no rows", Table{Columns: []string{"a", ""}}, "" +
			"| a |   |\n" +
			"|---|---|\n"},
	} {
		if got := tt.table.String(); got != tt.want {
			t.Errorf("%s:\n%swant\n%s", tt.name, got, tt.want)
		}
		var b bytes.Buffer
		if n, err := tt.table.WriteTo(&b); err != nil || n != int64(len(tt.want)) || b.String() != tt.want {
			t.Errorf("%s: WriteTo = %d, %v and wrote %q", tt.name, n, err, b.String())
		}
	}
}

func TestAdd(t *testing.T) {
	table := Table{Columns: []string{"a", "b"}}
	table.Add("1", "2")
	table.Add("3")
	const want = "" +
		"| a | b |\n" +
		"|--:|--:|\n" +
		"| 1 | 2 |\n" +
		"| 3 |   |\n"
	if got := table.String(); got != want {
		t.Errorf("\n%swant\n%s", got, want)
	}
}
