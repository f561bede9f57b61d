package store_test

import (
	"testing"

	"aro/pkg/store"
	"aro/pkg/store/storetest"
)

func TestMemory(t *testing.T) {
	storetest.RunConformance(t, func() store.Engine { return store.NewMemory() })
}
