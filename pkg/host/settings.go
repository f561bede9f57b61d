package host

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"aro/pkg/store"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// settings is what Configure knows, for aro check too.
var settings = map[string][]string{
	"application": {"durable-events", "transactions"},
	"-repository": {"maxSize", "ttl", "durable"},
}

// configureApplication is `Configure the <application: transactions> with true.`
func configureApplication(c *vm.Call, v value.Value) (value.Value, error) {
	h, name := executionOf(c).Host, c.Site.Result.Raw
	if !slices.Contains(settings["application"], name) {
		return value.Value{}, noSetting("the application", name, settings["application"])
	}
	if v.Kind() != value.Bool {
		return value.Value{}, errors.New(name + " is true or false, got " + v.Text())
	}
	if name == "durable-events" {
		h.keeper.turn(v.Bool())
		return applicationValue, nil
	}
	if _, ok := h.Engine.(store.Transactional); !ok && v.Bool() {
		return value.Value{}, errors.New("with --engine there are no transactions: each statement is one change for all machines")
	}
	h.transactions.Store(v.Bool())
	return applicationValue, nil
}

// noSetting says which settings there are in place of name.
func noSetting(what, name string, known []string) error {
	last := len(known) - 1
	return fmt.Errorf("%s has no setting '%s'; it has %s and %s", what, name, strings.Join(known[:last], ", "), known[last])
}
