package host

import (
	"errors"

	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// configureApplication is `Configure the <application: durable-events> with true.`
func configureApplication(c *vm.Call, v value.Value) (value.Value, error) {
	s, h := c.Site, executionOf(c).Host
	switch s.Result.Raw {
	case "durable-events":
		if v.Kind() != value.Bool {
			return value.Value{}, errors.New("durable-events is true or false, got " + v.Text())
		}
		h.keeper.turn(v.Bool())
	default:
		return value.Value{}, errors.New("the application has no setting '" + s.Result.Raw + "'; it has durable-events")
	}
	return applicationValue, nil
}
