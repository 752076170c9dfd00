package nearest

import (
	"strings"
	"testing"
)

func TestName(t *testing.T) {
	networks := []string{"alexnet", "lenet", "vgg11", "vgg11-small", "vgg13", "vgg16", "vgg19"}
	settings := []string{"arch", "data", "epochs", "batch-size", "lr", "momentum", "weight-decay", "val", "init"}
	tests := []struct {
		name  string
		known []string
		want  string
	}{
		{"vgg12", networks, "vgg11"},
		{"VGG16", networks, "vgg16"},
		{"vgg-16", networks, "vgg16"},
		{"vgg11-sm", networks, "vgg11-small"},
		{"vg11", networks, "vgg11"},
		{"vggl6", networks, "vgg16"},
		{"resnet50", networks, ""},
		{"", networks, ""},
		{"x", networks, ""},
		{"batchsize", settings, "batch-size"},
		{"batch_size", settings, "batch-size"},
		{"weightdecay", settings, "weight-decay"},
		{"rl", settings, "lr"},
		{strings.Repeat("a", 1000), networks, ""},
		{"vgg11", nil, ""},
	}
	for _, test := range tests {
		if got := Name(test.name, test.known); got != test.want {
			t.Errorf("Name(%q) = %q, want %q", test.name, got, test.want)
		}
	}
}

func TestDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0}, {"abc", "acb", 1},
		{"kitten", "sitting", 3}, {"ca", "abc", 3}, {"größe", "grösse", 2},
	}
	for _, test := range tests {
		if got := distance(test.a, test.b); got != test.want {
			t.Errorf("distance(%q, %q) = %d, want %d", test.a, test.b, got, test.want)
		}
	}
}
