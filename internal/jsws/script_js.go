//go:build js && wasm

package jsws

import (
	"errors"

	"github.com/hack-pad/safejs"

	"github.com/twinws/ws/internal/glue"
)

// registers are the values that a script of package glue uses; those from
// glue.FirstConstant on are its constants.
type registers struct {
	values [256]any
	names  [256]any // strings: the properties from which the values were read
}

// run interprets a script: instructions of glue.Size bytes. If something that
// it calls is not a function, the error has its name.
func (x *try) run(r *registers, script string) {
	var args []any
	for len(script) >= glue.Size && x.err == nil {
		i := script[:glue.Size]
		script = script[glue.Size:]
		a, b := r.values[i[1]], r.values[i[2]]
		op := int(i[0])
		if op == glue.Argument {
			args = append(args, a)
			continue
		}
		if t := value(a).Type(); t != safejs.TypeFunction && (op != glue.Get || t != safejs.TypeObject) {
			name, _ := r.names[i[1]].(string)
			x.err = errors.New("there is no " + name)
		}
		r.names[i[3]] = b
		var c any
		if op == glue.Construct {
			b = args
		} else if op == glue.Apply {
			c = args
		}
		r.values[i[3]] = x.reflect(op, a, b, c)
		if op != glue.Get {
			args = nil
		}
	}
}
