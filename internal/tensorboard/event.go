package tensorboard

import (
	"math"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// Scalar is a value of a curve.
type Scalar struct {
	Tag   string  // name of the curve, such as "loss/train"
	Value float64 // rounded to float32
}

// Event has the fields of an event needed by Cut: its step and the names of its curves.
type Event struct {
	Step int64
	Tags []string // none: the beginning of a file, or of a process
}

// Numbers of the fields of event.proto and summary.proto that are used, message by message.
const (
	eventTime, eventStep, eventVersion, eventSummary, eventSession protowire.Number = 1, 2, 3, 5, 7

	sessionStatus protowire.Number = 1

	summaryValue        protowire.Number = 1
	valueTag, valueSize protowire.Number = 1, 2
)

const (
	fileVersion  = "brain.Event:2" // in the first Event of each file: the form of the others
	sessionStart = 1               // SessionLog's START
)

// newEvent begins an Event.
func newEvent(at time.Time) []byte {
	seconds := float64(at.UnixMicro()) / 1e6
	return protowire.AppendFixed64(protowire.AppendTag(nil, eventTime, protowire.Fixed64Type), math.Float64bits(seconds))
}

func appendStep(event []byte, step int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(event, eventStep, protowire.VarintType), uint64(step))
}

func versionEvent(at time.Time) []byte {
	return protowire.AppendString(protowire.AppendTag(newEvent(at), eventVersion, protowire.BytesType), fileVersion)
}

// startEvent says that a process begins with a step: what is known of it and later ones is void.
func startEvent(at time.Time, step int64) []byte {
	session := protowire.AppendVarint(protowire.AppendTag(nil, sessionStatus, protowire.VarintType), sessionStart)
	return appendMessage(appendStep(newEvent(at), step), eventSession, session)
}

func scalarsEvent(at time.Time, step int64, scalars []Scalar) []byte {
	var summary []byte
	for _, s := range scalars {
		value := protowire.AppendString(protowire.AppendTag(nil, valueTag, protowire.BytesType), s.Tag)
		value = protowire.AppendFixed32(protowire.AppendTag(value, valueSize, protowire.Fixed32Type), math.Float32bits(float32(s.Value)))
		summary = appendMessage(summary, summaryValue, value)
	}
	return appendMessage(appendStep(newEvent(at), step), eventSummary, summary)
}

func appendMessage(dst []byte, field protowire.Number, message []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(dst, field, protowire.BytesType), message)
}

// parseEvent reads what Cut has to know; false if it is no Event.
func parseEvent(message []byte) (e Event, ok bool) {
	ok = eachField(message, func(field protowire.Number, number uint64, content []byte) bool {
		switch field {
		case eventStep:
			e.Step = int64(number)
		case eventSummary:
			return e.parseSummary(content)
		}
		return true
	})
	return e, ok
}

func (e *Event) parseSummary(summary []byte) bool {
	return eachField(summary, func(field protowire.Number, _ uint64, value []byte) bool {
		return field != summaryValue || eachField(value, func(field protowire.Number, _ uint64, content []byte) bool {
			if field == valueTag {
				e.Tags = append(e.Tags, string(content))
			}
			return true
		})
	})
}

// eachField calls f with each field of a message, and with its number or its bytes, until f or the
// message fails.
func eachField(message []byte, f func(field protowire.Number, number uint64, content []byte) bool) bool {
	for len(message) > 0 {
		field, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return false
		}
		message = message[n:]
		var number uint64
		var content []byte
		switch kind {
		case protowire.VarintType:
			number, n = protowire.ConsumeVarint(message)
		case protowire.BytesType:
			content, n = protowire.ConsumeBytes(message)
		default:
			n = protowire.ConsumeFieldValue(field, kind, message)
		}
		if n < 0 || !f(field, number, content) {
			return false
		}
		message = message[n:]
	}
	return true
}
