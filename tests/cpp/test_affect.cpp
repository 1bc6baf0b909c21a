#include <cstring>

#include "abi.h"
#include "catch_up.h"
#include "check.h"
#include "wire.h"

TEST(unit, words_become_a_feeling) {
    em_affect affect;
    em_error error;
    CHECK_EQUAL(em_affect_of("joy", &affect, &error), EM_OK);
    CHECK_EQUAL(affect.weights[EM_JOY], 1.0);
    CHECK_EQUAL(affect.intensity, 0.7);
    CHECK_EQUAL(em_affect_of(" Rage ", &affect, &error), EM_OK);
    CHECK_EQUAL(affect.weights[EM_ANGER], 1.0);
    CHECK_EQUAL(affect.intensity, 1.0);
    CHECK_EQUAL(em_affect_of("joy:0.6,trust:0.4", &affect, nullptr), EM_OK);
    CHECK_EQUAL(affect.weights[EM_TRUST], 0.4);
}

TEST(unit, a_wrong_word_is_named_with_the_nearest_one) {
    em_affect affect;
    em_error error;
    CHECK_EQUAL(em_affect_of("jyo", &affect, &error), EM_INVALID_ARGUMENT);
    CHECK_HAS(error.message, "did you mean 'joy'?");
    CHECK_EQUAL(std::string(error.field), "emotion");
    CHECK_EQUAL(em_affect_of("joy:much", &affect, &error), EM_INVALID_ARGUMENT);
    CHECK_HAS(error.message, "weight 'much' of joy is not a number");
    CHECK_EQUAL(em_affect_of("joy:0", &affect, &error), EM_INVALID_ARGUMENT);
    CHECK_EQUAL(em_affect_of("joy:-1", &affect, &error), EM_INVALID_ARGUMENT);
    CHECK_EQUAL(em_affect_of("", &affect, &error), EM_INVALID_ARGUMENT);
    CHECK_EQUAL(em_affect_of(nullptr, &affect, nullptr), EM_INVALID_ARGUMENT);
}

TEST(unit, a_text_is_cut_between_characters) {
    char small[6];
    emomotion::copy_text(small, "ab\xc3\xa9\xe2\x82\xac");  // two, two bytes, three bytes
    CHECK_EQUAL(std::string(small), "ab\xc3\xa9");
    emomotion::copy_text(small, "abcde");
    CHECK_EQUAL(std::string(small), "abcde");
}

static std::string refusal(const std::string &text) {
    try {
        emomotion::check_text(text.c_str());
        return "";
    } catch (const emomotion::Refused &error) {
        return error.message;
    }
}

TEST(unit, texts_are_utf8_and_neither_empty_nor_endless) {
    CHECK_EQUAL(refusal("a person waves"), "");
    CHECK_EQUAL(refusal("\xf0\x9f\x99\x82 \xe2\x82\xac\xc3\xa9"), "");
    CHECK_EQUAL(refusal(std::string(1000, 'a')), "");
    CHECK_HAS(refusal(std::string(1001, 'a')), "1..1000");
    CHECK_HAS(refusal(" \n"), "text is empty");
    for (const char *wrong : {"a\xff", "a\xc3", "a\xed\xa0\x80", "a\xc0\xaf", "a\xf4\x90\x80\x80", "a\x80"})
        CHECK_HAS(refusal(wrong), "no UTF-8 at byte 1");
}

TEST(unit, a_wish_holds_one_way_and_one_kind_of_feeling) {
    emomotion::wire::DriveChange out;
    const double path[] = {0, 0, 1, 2};
    em_wish wish{};
    wish.set = EM_SET_HEADING;
    wish.path = path;
    wish.path_count = 2;
    try {
        emomotion::wish_to_wire(wish, &out);
        CHECK(false);
    } catch (const emomotion::Refused &error) {
        CHECK_EQUAL(error.field, "way");
    }
    // A change replaces what was said of its kind, and nothing else.
    emomotion::wire::DriveChange all, change;
    all.set_text("walk");
    all.set_heading(1);
    all.mutable_affect()->set_intensity(0.5);
    change.mutable_track()->add_keys();
    change.set_free(true);
    emomotion::merge_change(change, &all);
    CHECK(all.text() == "walk" && !all.has_affect() && all.track().keys_size() == 1 && all.way_case() == all.kFree);
}

TEST(unit, what_piled_up_is_passed_over_and_a_longer_way_is_not) {
    emomotion::CatchUp pile;
    CHECK(!pile.past(0, 10));
    CHECK(pile.past(1, 12));        // a second late
    CHECK(!pile.past(2.9, 12.01));  // the end of the pile is of the present
    emomotion::CatchUp longer;
    CHECK(!longer.past(0, 10));
    int shown = 0;
    for (int i = 0; i < 90; i++) shown += !longer.past(1 + i / 30.0, 12 + i / 30.0);
    CHECK(shown > 45 && shown < 65);  // after a second that is how it is
}
