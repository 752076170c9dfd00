package export

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// What an ONNX file says, read with nothing but onnx.proto's numbers of fields.
type decodedModel struct {
	IR, Opset    int64
	Producer     string
	Metadata     [][2]string
	Graph        string
	Nodes        []string // "name: Operator(input, ...) -> output key=value ..."
	Initializers []decodedTensor
	Inputs       []string // "name: type N×C×S×S"
	Outputs      []string
	Values       []string
}

type decodedTensor struct {
	Name string
	Dims []int64
	Type int64
	Data []float32
}

// fields calls f for each field of a message: v is a number's value, b the bytes of any other.
func fields(t *testing.T, message []byte, f func(number protowire.Number, v uint64, b []byte)) {
	t.Helper()
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		message = message[n:]
		var v uint64
		var b []byte
		switch kind {
		case protowire.VarintType:
			v, n = protowire.ConsumeVarint(message)
		case protowire.Fixed32Type:
			var bits uint32
			bits, n = protowire.ConsumeFixed32(message)
			v = uint64(bits)
		case protowire.BytesType:
			b, n = protowire.ConsumeBytes(message)
		default:
			t.Fatalf("field %d of wire type %d", number, kind)
		}
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		message = message[n:]
		f(number, v, b)
	}
}

func unexpected(t *testing.T, message string) func(protowire.Number) {
	return func(number protowire.Number) {
		t.Helper()
		t.Errorf("%s has a field %d", message, number)
	}
}

func decodeModel(t *testing.T, file []byte) (m decodedModel) {
	other := unexpected(t, "ModelProto")
	fields(t, file, func(number protowire.Number, v uint64, b []byte) {
		switch number {
		case 1:
			m.IR = int64(v)
		case 2:
			m.Producer = string(b)
		case 7:
			m.graph(t, b)
		case 8:
			fields(t, b, func(number protowire.Number, v uint64, b []byte) {
				if number == 1 && string(b) != "" {
					t.Errorf("operators of %q", b)
				}
				if number == 2 {
					m.Opset = int64(v)
				}
			})
		case 14:
			var entry [2]string
			fields(t, b, func(number protowire.Number, _ uint64, b []byte) { entry[number-1] = string(b) })
			m.Metadata = append(m.Metadata, entry)
		default:
			other(number)
		}
	})
	return m
}

func (m *decodedModel) graph(t *testing.T, graph []byte) {
	other := unexpected(t, "GraphProto")
	fields(t, graph, func(number protowire.Number, _ uint64, b []byte) {
		switch number {
		case 1:
			m.Nodes = append(m.Nodes, decodeNode(t, b))
		case 2:
			m.Graph = string(b)
		case 5:
			m.Initializers = append(m.Initializers, decodeTensor(t, b))
		case 11:
			m.Inputs = append(m.Inputs, decodeValue(t, b))
		case 12:
			m.Outputs = append(m.Outputs, decodeValue(t, b))
		case 13:
			m.Values = append(m.Values, decodeValue(t, b))
		default:
			other(number)
		}
	})
}

func decodeNode(t *testing.T, message []byte) string {
	var inputs, outputs, attributes []string
	var name, operator string
	other := unexpected(t, "NodeProto")
	fields(t, message, func(number protowire.Number, _ uint64, b []byte) {
		switch number {
		case 1:
			inputs = append(inputs, string(b))
		case 2:
			outputs = append(outputs, string(b))
		case 3:
			name = string(b)
		case 4:
			operator = string(b)
		case 5:
			attributes = append(attributes, " "+decodeAttribute(t, b))
		default:
			other(number)
		}
	})
	return fmt.Sprintf("%s: %s(%s) -> %s%s", name, operator, strings.Join(inputs, ", "), strings.Join(outputs, ", "), strings.Join(attributes, ""))
}

func decodeAttribute(t *testing.T, message []byte) string {
	var name string
	var one, kind int64
	var real float32
	var list []int64
	other := unexpected(t, "AttributeProto")
	fields(t, message, func(number protowire.Number, v uint64, b []byte) {
		switch number {
		case 1:
			name = string(b)
		case 2:
			real = math.Float32frombits(uint32(v))
		case 3:
			one = int64(v)
		case 8:
			list = append(list, int64(v))
		case 20:
			kind = int64(v)
		default:
			other(number)
		}
	})
	switch kind {
	case 1: // FLOAT
		return fmt.Sprintf("%s=%v", name, real)
	case 2: // INT
		return fmt.Sprintf("%s=%d", name, one)
	case 7: // INTS
		return fmt.Sprintf("%s=%v", name, list)
	}
	t.Errorf("attribute %s of type %d", name, kind)
	return name
}

func decodeTensor(t *testing.T, message []byte) (d decodedTensor) {
	other := unexpected(t, "TensorProto")
	fields(t, message, func(number protowire.Number, v uint64, b []byte) {
		switch number {
		case 1:
			d.Dims = append(d.Dims, int64(v))
		case 2:
			d.Type = int64(v)
		case 8:
			d.Name = string(b)
		case 9:
			for ; len(b) >= 4; b = b[4:] {
				d.Data = append(d.Data, math.Float32frombits(binary.LittleEndian.Uint32(b)))
			}
			if len(b) > 0 {
				t.Errorf("%s: %d bytes too many", d.Name, len(b))
			}
		default:
			other(number)
		}
	})
	return d
}

func decodeValue(t *testing.T, message []byte) string {
	var name, kind string
	other := unexpected(t, "ValueInfoProto")
	fields(t, message, func(number protowire.Number, _ uint64, b []byte) {
		switch number {
		case 1:
			name = string(b)
		case 2:
			fields(t, b, func(number protowire.Number, _ uint64, b []byte) {
				if number != 1 {
					t.Errorf("%s is not a tensor", name)
				}
				kind = decodeTensorType(t, b)
			})
		case 3: // documentation
		default:
			other(number)
		}
	})
	return name + ": " + kind
}

func decodeTensorType(t *testing.T, message []byte) string {
	kind := ""
	var dims []string
	fields(t, message, func(number protowire.Number, v uint64, b []byte) {
		if number == 1 && v == 1 {
			kind = "float"
		}
		if number != 2 {
			return
		}
		fields(t, b, func(_ protowire.Number, _ uint64, b []byte) {
			fields(t, b, func(number protowire.Number, v uint64, b []byte) {
				if number == 1 {
					dims = append(dims, strconv.FormatUint(v, 10))
				} else {
					dims = append(dims, string(b))
				}
			})
		})
	})
	return kind + " " + strings.Join(dims, "×")
}
