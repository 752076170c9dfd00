package train

// observers passes on to each what happens, in their order.
type observers []Observer

// begin begins each in turn. If one fails, those before it are ended by the caller:
// begun is how many there are.
func (o observers) begin(p Plan) (begun observers, err error) {
	for i, each := range o {
		if err := each.Begin(p); err != nil {
			return o[:i+1], err
		}
	}
	return o, nil
}

func (o observers) step(r StepRecord) error {
	for _, each := range o {
		if err := each.Step(r); err != nil {
			return err
		}
	}
	return nil
}

func (o observers) epoch(r EpochRecord) error {
	for _, each := range o {
		if err := each.Epoch(r); err != nil {
			return err
		}
	}
	return nil
}

func (o observers) notice(text string) {
	for _, each := range o {
		each.Notice(text)
	}
}

// end ends all, also when one of them fails, and returns the first error.
func (o observers) end(r Result) error {
	var first error
	for _, each := range o {
		if err := each.End(r); err != nil && first == nil {
			first = err
		}
	}
	return first
}
