package compile_test

import (
	"errors"

	"aro/pkg/bytecode"
	"aro/pkg/host"
	"aro/pkg/vm"
)

// verbs are those of the host: the compiler's output depends on them.
var verbs = host.Signatures(host.Verbs())

// linkNothing links code that is not meant to reach a verb.
func linkNothing(s *bytecode.Site, _ *bytecode.Chunk) (vm.Func, any, error) {
	return nil, nil, errors.New("no verb here: " + s.Verb)
}
